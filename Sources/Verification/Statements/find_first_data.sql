SELECT e.data
  FROM ledger.events e
 WHERE e.stream_id = ANY ($2::uuid[]) AND e.version = 1 AND e.log_id = $1
