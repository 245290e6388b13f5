-- Gateways are told; who misses it learns with the next query's answer.
WITH swapped AS (UPDATE ledger.projections SET state = 'active' WHERE name = $1 AND version = $2 AND state = 'standby'
                 RETURNING name)
SELECT pg_notify('ledger_projections', name) FROM swapped
