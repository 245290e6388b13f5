-- Elects the sealer of a round: held until its transaction ends.
SELECT pg_try_advisory_xact_lock(1279607880, $1::int4)
