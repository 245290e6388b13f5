CREATE INDEX ON rm.activations_{version} (closes_at) WHERE NOT ended;
