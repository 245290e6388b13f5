SELECT a.stream_id, 0 AS ordinal, a.version, a.view FROM rm.accounts_{version} a WHERE a.stream_id = ANY ($1)
