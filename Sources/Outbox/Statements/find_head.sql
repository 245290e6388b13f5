SELECT e.position FROM ledger.events e WHERE e.log_id = $1 ORDER BY e.position DESC LIMIT 1
