ALTER TABLE rm.devices_{version} ADD PRIMARY KEY (stream_id, ordinal);
ALTER TABLE rm.device_lookups_{version} ADD PRIMARY KEY (key_hash, stream_id, ordinal);
CREATE INDEX ON rm.device_lookups_{version} (stream_id);
