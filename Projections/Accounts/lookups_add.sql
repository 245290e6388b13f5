INSERT INTO rm.account_lookups_{version} (kind, key_hash, stream_id) SELECT * FROM unnest($1, $2, $3)
ON CONFLICT DO NOTHING
