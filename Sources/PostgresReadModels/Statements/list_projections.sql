-- State and lag of every version of every projection. One of the past stays there, and lags behind nothing.
SELECT p.name, p.version, p.state, p.lanes,
       CASE WHEN p.state = 'scratch' THEN coalesce(p.built_to, 0) ELSE w.position END AS position,
       CASE WHEN p.state = 'scratch' THEN 0 ELSE h.position - w.position END AS lag_events,
       CASE WHEN p.state = 'scratch' THEN 0
            ELSE coalesce(extract(epoch FROM clock_timestamp() - f.recorded_at), 0) END::float8 AS lag_seconds,
       coalesce(k.streams, 0) AS parked, coalesce(p.fold, p.version) AS fold
  FROM (SELECT coalesce((SELECT e.position FROM ledger.events e WHERE e.log_id = $1 ORDER BY e.position DESC LIMIT 1), 0)
          AS position) h
 CROSS JOIN ledger.projections p
 CROSS JOIN LATERAL (
   SELECT coalesce(min(CASE WHEN d.x IS NULL THEN greatest(l.position, h.position) ELSE l.position END), 0) AS position
     FROM ledger.lanes l
     LEFT JOIN LATERAL (
       SELECT 1 AS x FROM ledger.events e
        WHERE e.log_id = $1 AND e.position > l.position AND e.position <= h.position
          AND get_byte(uuid_send(e.stream_id), 0) * p.lanes / 256 = l.lane
        ORDER BY e.position LIMIT 1) d ON true
    WHERE l.name = p.name AND l.version = p.version AND l.log_id = $1) w
  LEFT JOIN LATERAL (
   SELECT e.recorded_at FROM ledger.events e
    WHERE e.log_id = $1 AND e.position > w.position ORDER BY e.position LIMIT 1) f ON true
  LEFT JOIN LATERAL (
   SELECT count(*) AS streams FROM ledger.parked k
    WHERE k.name = p.name AND k.version = p.version AND k.log_id = $1) k ON true
 ORDER BY p.name, p.version
