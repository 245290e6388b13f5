DELETE FROM ledger.projections WHERE name = $1 AND version = $2 AND state <> 'active'
