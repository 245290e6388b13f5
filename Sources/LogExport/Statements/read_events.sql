-- A piece of the log. Its positions are known beforehand, so that the next piece can be asked for before this one is done.
SELECT e.position, e.recorded_at, e.stream_id, e.version, e.command_id, e.event_type, e.meta, e.data, e.secret, e.secret_hash
  FROM ledger.events e
 WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3
 ORDER BY e.position
