SELECT coalesce((SELECT used FROM ledger.quotas WHERE log_id = $1 AND owner_id = $2), 0)
