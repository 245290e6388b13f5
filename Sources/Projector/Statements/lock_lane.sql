-- Lease, checkpoint and fencing token in one row; whoever comes second does something else.
SELECT l.name, l.version, l.position
  FROM ledger.lanes l JOIN ledger.projections p ON p.name = l.name AND p.version = l.version
 WHERE l.log_id = $1 AND l.lane = $2 AND p.lanes = $3 AND p.state IN ('active', 'standby')
 ORDER BY l.name, l.version FOR UPDATE OF l SKIP LOCKED
