SELECT pg_try_advisory_lock(1279607884, $1)
