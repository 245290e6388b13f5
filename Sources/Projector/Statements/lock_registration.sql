-- Several processes may start at once; the first makes the tables.
SELECT pg_advisory_xact_lock(1279607881, $1)
