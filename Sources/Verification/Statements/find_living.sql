-- Of streams whose boxes or blobs are gone, those that were not erased, or whose key still stands.
SELECT s.stream
  FROM unnest($2::uuid[]) AS s(stream)
 WHERE NOT EXISTS (SELECT 1 FROM ledger.events e
                    WHERE e.stream_id = s.stream AND e.log_id = $1
                      AND e.event_type ~ '(^account\.erased|\.ended)\.v[0-9]+$')
    OR NOT EXISTS (SELECT 1 FROM ledger.subject_keys k
                    WHERE k.log_id = $1 AND k.stream_id = s.stream AND k.destroyed_at IS NOT NULL)
