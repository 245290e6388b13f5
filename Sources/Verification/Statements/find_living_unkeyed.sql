-- The same for a user who may not look at keys.
SELECT s.stream
  FROM unnest($2::uuid[]) AS s(stream)
 WHERE NOT EXISTS (SELECT 1 FROM ledger.events e
                    WHERE e.stream_id = s.stream AND e.log_id = $1
                      AND e.event_type ~ '(^account\.erased|\.ended)\.v[0-9]+$')
