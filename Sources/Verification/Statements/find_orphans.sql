-- Of versions that do not begin their stream, those whose predecessor does not stand before $4.
SELECT s.stream, s.position, s.version
  FROM unnest($2::uuid[], $3::int4[], $5::int8[]) AS s(stream, version, position)
 WHERE NOT EXISTS (SELECT 1 FROM ledger.events e
                    WHERE e.stream_id = s.stream AND e.version = s.version - 1 AND e.log_id = $1 AND e.position < $4)
 ORDER BY s.position
