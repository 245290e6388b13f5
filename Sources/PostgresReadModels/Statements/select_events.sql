-- A window of positions, filtered; the last row of the window is told apart, so that the caller knows where to go on.
SELECT e.position, e.recorded_at, e.stream_id, e.version, e.command_id, e.event_type, e.meta, e.data, e.secret, e.secret_hash
  FROM ledger.events e
 WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3
   AND ($4::text IS NULL OR e.event_type = $4)
   AND ($5::bytea IS NULL OR position($5 IN e.meta) > 0)
   AND ($6::timestamptz IS NULL OR e.recorded_at >= $6)
   AND ($7::timestamptz IS NULL OR e.recorded_at < $7)
 ORDER BY e.position LIMIT $8
