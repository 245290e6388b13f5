DELETE FROM ledger.parked k WHERE k.name = $1 AND k.version = $2 AND k.log_id = $3 AND k.stream_id = $4
