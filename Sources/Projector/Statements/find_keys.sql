SELECT k.stream_id, k.epoch, k.wrapped FROM ledger.subject_keys k WHERE k.log_id = $1 AND k.stream_id = ANY ($2)
