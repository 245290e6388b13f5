COPY ledger.subject_keys (log_id, stream_id, epoch, wrapped, destroyed_at) FROM STDIN (FORMAT binary)
