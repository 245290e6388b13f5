INSERT INTO ledger.checkpoints (log_id, tree_size, root, note) VALUES ($1, $2, $3, $4)
