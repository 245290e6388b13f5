-- Whether a command stands in its home stream, and where: asked when the outcome of its append is unknown.
SELECT version, position, recorded_at, meta FROM ledger.events
 WHERE log_id = $1 AND stream_id = $2 AND version > $3 AND command_id = $4 ORDER BY version
