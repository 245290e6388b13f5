SELECT a.stream_id, 0 AS ordinal, a.version, NULL::bytea AS view
  FROM rm.activations_{version} a WHERE a.stream_id = ANY ($1)
