ALTER TABLE rm.accounts_{version} ADD PRIMARY KEY (stream_id);
ALTER TABLE rm.account_lookups_{version} ADD PRIMARY KEY (kind, key_hash, stream_id);
CREATE INDEX ON rm.accounts_{version} (created_position);
CREATE INDEX ON rm.accounts_{version} (space_id, created_position) WHERE space_id IS NOT NULL;
CREATE INDEX ON rm.account_lookups_{version} (stream_id);
