SELECT i.version, i.view, i.ended, i.created_position, k.epoch, k.wrapped, p.stream_id IS NOT NULL AS parked,
       d.x IS NOT NULL AS behind,
       (SELECT p.version FROM ledger.projections p WHERE p.name = 'identities' AND p.state = 'active') AS active
  FROM ledger.lanes l
  LEFT JOIN rm.identities_{version} i ON i.stream_id = $1
  LEFT JOIN ledger.subject_keys k ON k.log_id = l.log_id AND k.stream_id = $1
  LEFT JOIN ledger.parked p ON p.name = l.name AND p.version = l.version AND p.log_id = l.log_id AND p.stream_id = $1
  LEFT JOIN LATERAL (SELECT 1 AS x FROM ledger.events e
                      WHERE e.log_id = l.log_id AND e.stream_id = $1 AND e.version = coalesce(i.version, 0) + 1
                        AND e.position > l.position LIMIT 1) d ON true
 WHERE l.name = 'identities' AND l.version = {version} AND l.log_id = $3 AND l.lane = $2
