SELECT pg_try_advisory_lock(1279607882, 0)
