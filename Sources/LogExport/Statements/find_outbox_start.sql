SELECT to_regprocedure('ledger.start_outbox_at_head(int2)') IS NOT NULL
