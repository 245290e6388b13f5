UPDATE ledger.lanes l SET position = $3, updated_at = now()
  FROM unnest($4, $5) AS n(name, version)
 WHERE l.log_id = $1 AND l.lane = $2 AND l.name = n.name AND l.version = n.version
