-- The first of some streams whose newest version up to $2 is not the one before the version given.
--
-- LATERAL and LIMIT: one probe of each partition's stream index, whatever the planner believes.
SELECT s.stream, s.version, coalesce(d.version, 0)
  FROM unnest($3::uuid[], $4::int4[]) WITH ORDINALITY AS s(stream, version, i)
  LEFT JOIN LATERAL (SELECT e.version FROM ledger.events e
                      WHERE e.stream_id = s.stream AND e.log_id = $1 AND e.position <= $2
                      ORDER BY e.version DESC LIMIT 1) d ON true
 WHERE coalesce(d.version, 0) <> s.version - 1
 ORDER BY s.i LIMIT 1
