-- A parked stream of the version that answers.
SELECT k.position, k.error, k.attempts, k.event_type
  FROM ledger.parked k JOIN ledger.projections p ON p.name = k.name AND p.version = k.version AND p.state = 'active'
 WHERE k.log_id = $1 AND k.name = $2 AND k.stream_id = $3
