-- Whether any of these streams has a version beyond the one that was seen.
SELECT EXISTS (SELECT 1
                 FROM unnest($2::uuid[], $3::int4[], $4::int8[]) AS s(stream_id, version, position)
                CROSS JOIN LATERAL (SELECT 1 FROM ledger.events e
                                     WHERE e.log_id = $1 AND e.stream_id = s.stream_id AND e.version = s.version + 1
                                       AND e.position > s.position LIMIT 1) m)
