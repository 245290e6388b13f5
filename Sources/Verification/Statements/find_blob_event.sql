-- The first event of a stream that names a blob, by the hash in its data.
SELECT e.position
  FROM ledger.events e
 WHERE e.stream_id = $2 AND e.log_id = $1 AND position($3 IN e.data) > 0
 ORDER BY e.version
 LIMIT 1
