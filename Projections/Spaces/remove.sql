DELETE FROM rm.spaces_{version} WHERE stream_id = $1
