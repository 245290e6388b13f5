-- The lowest lane of a version of a projection, and whether any lane lacks an event at or below a position. A lane that
-- lags only because nothing happened in its range is not behind.
SELECT coalesce(min(l.position), 0) AS lowest, coalesce(bool_or(d.x IS NOT NULL), true) AS behind,
       coalesce(min(CASE WHEN d.x IS NOT NULL THEN l.position END), $3) AS complete_to,
       (SELECT a.version FROM ledger.projections a WHERE a.name = $2 AND a.state = 'active') AS active
  FROM ledger.projections p
  JOIN ledger.lanes l ON l.name = p.name AND l.version = p.version AND l.log_id = $1
  LEFT JOIN LATERAL (SELECT 1 AS x FROM ledger.events e
                      WHERE e.log_id = $1 AND e.position > l.position AND e.position <= $3
                        AND get_byte(uuid_send(e.stream_id), 0) * p.lanes / 256 = l.lane
                      ORDER BY e.position LIMIT 1) d ON true
 WHERE p.name = $2 AND p.version = $4
