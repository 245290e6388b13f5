UPDATE ledger.projections SET state = 'standby', ended_at = now() WHERE name = $1 AND state = 'active'
