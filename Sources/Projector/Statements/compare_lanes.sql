-- Whether the new version is nowhere behind the old one, and whether both are at the same positions.
SELECT coalesce(bool_and(n.position >= coalesce(o.position, 0)), false) AS is_level,
       coalesce(bool_and(n.position = coalesce(o.position, 0)), false) AS is_equal
  FROM ledger.lanes n
  LEFT JOIN ledger.lanes o ON o.name = n.name AND o.version = $2 AND o.log_id = n.log_id AND o.lane = n.lane
 WHERE n.name = $1 AND n.version = $3
