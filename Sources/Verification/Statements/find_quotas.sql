SELECT q.owner_id, q.used, q.maximum FROM ledger.quotas q WHERE q.log_id = $1 ORDER BY q.owner_id
