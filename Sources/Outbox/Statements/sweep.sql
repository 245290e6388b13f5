DELETE FROM ledger.outbox o WHERE o.log_id = $1 AND o.settled_at < now() - interval '30 days'
