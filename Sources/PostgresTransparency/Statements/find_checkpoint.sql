SELECT c.tree_size, c.root, c.note FROM ledger.checkpoints c WHERE c.log_id = $1 AND c.tree_size = $2
