ALTER TABLE rm.spaces_{version} ADD PRIMARY KEY (stream_id);
CREATE INDEX ON rm.spaces_{version} (created_position);
