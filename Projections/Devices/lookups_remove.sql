DELETE FROM rm.device_lookups_{version} WHERE stream_id = ANY ($1)
