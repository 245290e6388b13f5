INSERT INTO ledger.logs (log_id, origin, master_check) VALUES ($1, $2, $3) ON CONFLICT (log_id) DO NOTHING
