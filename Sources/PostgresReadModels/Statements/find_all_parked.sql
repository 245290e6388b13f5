-- What the versions that answer could not fold.
SELECT k.name, k.stream_id, k.position, k.error, k.attempts, k.event_type
  FROM ledger.parked k JOIN ledger.projections p ON p.name = k.name AND p.version = k.version AND p.state = 'active'
 WHERE k.log_id = $1 ORDER BY k.name, k.position LIMIT $2
