WITH lookups AS (DELETE FROM rm.device_lookups_{version} WHERE stream_id = ANY ($1))
DELETE FROM rm.devices_{version} WHERE stream_id = ANY ($1)
