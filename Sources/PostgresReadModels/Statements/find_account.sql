-- One statement, one snapshot, one round trip (LOG L.8): the row, its key, whether the log holds its next version beyond the
-- lane's position, whether it is parked, and whether the caller's stream has moved.
SELECT a.version, a.view, a.space_id, a.erased, k.epoch, k.wrapped, p.stream_id IS NOT NULL AS parked,
       d.x IS NOT NULL AS behind, c.x IS NOT NULL AS caller_moved
  FROM ledger.lanes l
  LEFT JOIN rm.accounts_{version} a ON a.stream_id = $1
  LEFT JOIN ledger.subject_keys k ON k.log_id = l.log_id AND k.stream_id = $1
  LEFT JOIN ledger.parked p ON p.name = l.name AND p.version = l.version AND p.log_id = l.log_id AND p.stream_id = $1
  LEFT JOIN LATERAL (SELECT 1 AS x FROM ledger.events e
                      WHERE e.log_id = l.log_id AND e.stream_id = $1 AND e.version = coalesce(a.version, 0) + 1
                        AND e.position > l.position LIMIT 1) d ON true
  LEFT JOIN LATERAL (SELECT 1 AS x FROM ledger.events e
                      WHERE e.log_id = l.log_id AND e.stream_id = $3 AND e.version = $4 + 1 AND e.position > $5
                      LIMIT 1) c ON true
 WHERE l.name = 'accounts' AND l.version = {version} AND l.log_id = $6 AND l.lane = $2
