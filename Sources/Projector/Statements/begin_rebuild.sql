UPDATE ledger.rebuilds SET version = $3, head = $4, total = $4 WHERE id = $1 AND worker = $2
