-- Streams without a key's row, and keys without a stream.
SELECT coalesce(e.stream_id, k.stream_id), e.position
  FROM (SELECT e.stream_id, e.position FROM ledger.events e WHERE e.log_id = $1 AND e.version = 1) e
  FULL JOIN (SELECT k.stream_id FROM ledger.subject_keys k WHERE k.log_id = $1) k ON k.stream_id = e.stream_id
 WHERE e.stream_id IS NULL OR k.stream_id IS NULL
 ORDER BY 2 NULLS LAST, 1
 LIMIT 10
