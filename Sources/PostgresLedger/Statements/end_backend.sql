-- Ends a backend whose answer was lost, and tells whether it is gone.
SELECT coalesce((SELECT NOT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND usename = current_user), true) AS gone
