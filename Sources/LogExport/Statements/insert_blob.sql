INSERT INTO ledger.blobs (hash, stream_id, log_id, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
