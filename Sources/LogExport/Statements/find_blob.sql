SELECT b.body FROM ledger.blobs b WHERE b.log_id = $1 AND b.stream_id = $2 AND b.hash = $3
