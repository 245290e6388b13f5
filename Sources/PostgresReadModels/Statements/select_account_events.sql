-- One stream's events after a version and up to a position, with its key.
SELECT e.position, e.recorded_at, e.stream_id, e.version, e.command_id, e.event_type, e.meta, e.data, e.secret, e.secret_hash, k.epoch, k.wrapped
  FROM ledger.events e
  LEFT JOIN ledger.subject_keys k ON k.log_id = e.log_id AND k.stream_id = e.stream_id
 WHERE e.log_id = $1 AND e.stream_id = $2 AND e.version > $3 AND e.position <= $5
 ORDER BY e.version LIMIT $4
