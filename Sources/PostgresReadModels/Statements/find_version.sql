-- The version that a stream had at a position; no row before its first event.
SELECT e.version FROM ledger.events e
 WHERE e.log_id = $1 AND e.stream_id = $2 AND e.position <= $3
 ORDER BY e.version DESC LIMIT 1
