UPDATE ledger.projections SET state = $3, built_to = $4 WHERE name = $1 AND version = $2 AND state = 'building'
