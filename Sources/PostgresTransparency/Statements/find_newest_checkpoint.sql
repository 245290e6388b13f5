SELECT c.tree_size, c.root, c.note FROM ledger.checkpoints c WHERE c.log_id = $1 ORDER BY c.tree_size DESC LIMIT 1
