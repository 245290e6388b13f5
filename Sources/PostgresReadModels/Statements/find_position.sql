-- The position of a time, and whether the time lies ahead: by the database's clock, which also gave the events theirs.
SELECT ledger.position_at($1, $2),
       $2 > greatest(clock_timestamp(),
                     (SELECT e.recorded_at FROM ledger.events e WHERE e.log_id = $1 ORDER BY e.position DESC LIMIT 1))
