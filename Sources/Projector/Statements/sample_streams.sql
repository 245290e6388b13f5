SELECT DISTINCT stream_id FROM {table} WHERE stream_id >= $1 ORDER BY 1 LIMIT $2
