-- Streams whose key is destroyed and of which boxes or blobs may be left, after one.
SELECT k.stream_id FROM ledger.subject_keys k
 WHERE k.log_id = $1 AND k.destroyed_at IS NOT NULL AND k.purged_at IS NULL AND k.stream_id > $2
 ORDER BY k.stream_id LIMIT $3
