DELETE FROM rm.identities_{version} WHERE stream_id = $1
