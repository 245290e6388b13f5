SELECT o.position FROM ledger.outbox_lanes o WHERE o.log_id = $1
