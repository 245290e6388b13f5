SELECT a.stream_id FROM rm.activations_{version} a
 WHERE NOT a.ended AND a.closes_at < $1 ORDER BY a.closes_at LIMIT $2
