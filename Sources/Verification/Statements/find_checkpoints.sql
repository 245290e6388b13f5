SELECT c.tree_size, c.root, c.note
  FROM ledger.checkpoints c
 WHERE c.log_id = $1 AND c.tree_size > $2 AND c.tree_size <= $3
 ORDER BY c.tree_size
 LIMIT $4
