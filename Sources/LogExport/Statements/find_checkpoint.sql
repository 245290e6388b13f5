-- The first checkpoint of at least this size; without one, whether there is any.
SELECT c.tree_size, c.note
  FROM ledger.checkpoints c WHERE c.log_id = $1 AND c.tree_size >= $2 ORDER BY c.tree_size LIMIT 1
