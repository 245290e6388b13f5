SELECT d.stream_id, d.ordinal, d.version, d.view FROM rm.devices_{version} d WHERE d.stream_id = ANY ($1)
