UPDATE ledger.outbox_lanes o SET position = $2, updated_at = now() WHERE o.log_id = $1
