UPDATE ledger.attempts a SET used = greatest(0, a.used - 1), window_ends = a.window_ends - $2 * interval '1 second'
 WHERE a.key_hash = $1
