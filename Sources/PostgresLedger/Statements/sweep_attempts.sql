DELETE FROM ledger.attempts a WHERE a.window_ends < now() - interval '1 minute'
