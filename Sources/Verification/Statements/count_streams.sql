SELECT count(*) FROM ledger.subject_keys k WHERE k.log_id = $1
