SELECT count(*) FROM ledger.subject_keys k WHERE k.log_id = $1 AND k.destroyed_at IS NOT NULL AND k.purged_at IS NULL
