SELECT origin, master_check FROM ledger.logs WHERE log_id = $1
