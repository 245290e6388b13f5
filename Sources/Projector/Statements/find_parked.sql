SELECT k.name, k.version, k.stream_id, coalesce(k.retry_at <= now(), false) AS is_due
  FROM ledger.parked k JOIN ledger.projections p ON p.name = k.name AND p.version = k.version
 WHERE k.log_id = $1 AND k.lane = $2 AND p.lanes = $3
