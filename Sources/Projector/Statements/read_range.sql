SELECT e.position, e.recorded_at, e.stream_id, e.version, e.event_type, e.data, e.secret, e.secret_hash
  FROM ledger.events e
 WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3 AND e.stream_id >= $4 AND e.stream_id <= $5
   AND e.event_type <> ALL ('{{types}}')
 ORDER BY e.position LIMIT $6
