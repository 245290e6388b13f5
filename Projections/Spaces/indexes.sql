CREATE INDEX ON rm.spaces_{version} (created_position);
