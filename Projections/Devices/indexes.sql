CREATE INDEX ON rm.device_lookups_{version} (stream_id);
