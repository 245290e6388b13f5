ALTER TABLE rm.identities_{version} ADD PRIMARY KEY (stream_id);
CREATE INDEX ON rm.identities_{version} (created_position);
CREATE INDEX ON rm.identities_{version} (account_id) WHERE account_id IS NOT NULL;
