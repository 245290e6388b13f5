COPY ledger.events (position, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data, secret, secret_hash)
  FROM STDIN (FORMAT binary)
