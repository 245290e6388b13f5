-- Destroyed keys of streams in which nothing was erased.
SELECT k.stream_id
  FROM ledger.subject_keys k
 WHERE k.log_id = $1 AND k.destroyed_at IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM ledger.events e
                    WHERE e.stream_id = k.stream_id AND e.log_id = $1
                      AND e.event_type ~ '(^account\.erased|\.ended)\.v[0-9]+$')
 ORDER BY k.stream_id
 LIMIT 10
