SELECT s.stream_id, 0 AS ordinal, s.version, s.view FROM rm.spaces_{version} s WHERE s.stream_id = ANY ($1)
