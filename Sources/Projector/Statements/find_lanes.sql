-- Every lane that is kept level, and whether a parked stream of it is to be tried again.
SELECT l.name, l.version, p.lanes, l.lane, l.position,
       EXISTS (SELECT 1 FROM ledger.parked k
                WHERE k.name = l.name AND k.version = l.version AND k.log_id = l.log_id AND k.lane = l.lane
                  AND k.retry_at <= now()) AS is_due,
       coalesce(p.fold, p.version) AS fold
  FROM ledger.lanes l JOIN ledger.projections p ON p.name = l.name AND p.version = l.version
 WHERE l.log_id = $1 AND p.state IN ('active', 'standby')
 ORDER BY p.lanes, l.lane, l.name, l.version
