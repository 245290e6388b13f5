ALTER TABLE rm.activations_{version} ADD PRIMARY KEY (stream_id);
CREATE INDEX ON rm.activations_{version} (closes_at) WHERE NOT ended;
