SELECT l.origin, l.master_check, l.opened_at FROM ledger.logs l WHERE l.log_id = $1
