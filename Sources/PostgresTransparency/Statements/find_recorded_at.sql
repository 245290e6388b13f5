SELECT e.recorded_at FROM ledger.events e WHERE e.log_id = $1 AND e.position = $2
