SELECT e.position, e.recorded_at, e.stream_id, e.version, e.command_id, e.event_type, e.data, e.secret, e.secret_hash,
       k.epoch, k.wrapped
  FROM ledger.events e JOIN ledger.subject_keys k ON k.log_id = e.log_id AND k.stream_id = e.stream_id
 WHERE e.log_id = $1 AND e.position = $2
