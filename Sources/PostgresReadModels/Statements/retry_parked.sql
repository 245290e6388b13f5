UPDATE ledger.parked SET retry_at = now() WHERE log_id = $1 AND name = $2 AND stream_id = $3
