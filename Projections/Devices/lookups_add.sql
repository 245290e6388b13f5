INSERT INTO rm.device_lookups_{version} (key_hash, stream_id, ordinal) SELECT * FROM unnest($1, $2, $3)
ON CONFLICT DO NOTHING
