CREATE INDEX ON rm.identities_{version} (created_position);
CREATE INDEX ON rm.identities_{version} (account_id) WHERE account_id IS NOT NULL;
