DELETE FROM rm.activations_{version} WHERE stream_id = $1
