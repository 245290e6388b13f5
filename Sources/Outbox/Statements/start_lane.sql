SELECT ledger.start_outbox_at_head($1)
