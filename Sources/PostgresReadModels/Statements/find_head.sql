SELECT position, recorded_at FROM ledger.events WHERE log_id = $1 ORDER BY position DESC LIMIT 1
