SELECT pg_advisory_unlock(1279607883, $1)
