SELECT pg_advisory_unlock(1279607882, 0)
