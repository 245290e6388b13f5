SELECT ledger.leaf_hash(e)
  FROM ledger.events e
 WHERE e.log_id = $1 AND e.position >= $2 AND e.position <= $3
 ORDER BY e.position
