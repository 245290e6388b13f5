INSERT INTO ledger.logs (log_id, origin, master_check, opened_at) VALUES ($1, $2, $3, $4)
