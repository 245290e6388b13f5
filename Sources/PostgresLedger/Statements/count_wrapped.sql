SELECT count(*) FROM ledger.subject_keys k WHERE k.log_id = $1 AND k.epoch <> $2 AND k.wrapped IS NOT NULL
