-- A stream whose versions are not 1, 2, 3, … in the order of the log.
SELECT s.stream_id, s.position
  FROM (SELECT e.stream_id, e.position, e.version,
               row_number() OVER (PARTITION BY e.stream_id ORDER BY e.position) AS place
          FROM ledger.events e WHERE e.log_id = $1) s
 WHERE s.version <> s.place ORDER BY s.position LIMIT 1
