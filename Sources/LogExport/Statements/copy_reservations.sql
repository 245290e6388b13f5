COPY ledger.reservations (namespace, log_id, key_hash, stream_id, position) FROM STDIN (FORMAT binary)
