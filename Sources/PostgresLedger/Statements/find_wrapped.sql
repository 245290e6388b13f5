-- Living keys under other epochs than one, after a stream.
SELECT k.stream_id, k.epoch, k.wrapped FROM ledger.subject_keys k
 WHERE k.log_id = $1 AND k.epoch <> $2 AND k.wrapped IS NOT NULL AND k.stream_id > $3
 ORDER BY k.stream_id LIMIT $4
