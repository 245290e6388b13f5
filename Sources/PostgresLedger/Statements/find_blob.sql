SELECT body FROM ledger.blobs WHERE log_id = $1 AND stream_id = $2 AND hash = $3
