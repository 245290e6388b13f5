SELECT i.stream_id, 0 AS ordinal, i.version, i.view FROM rm.identities_{version} i WHERE i.stream_id = ANY ($1)
