DELETE FROM rm.account_lookups_{version} WHERE stream_id = ANY ($1)
