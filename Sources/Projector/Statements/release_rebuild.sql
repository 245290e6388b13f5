UPDATE ledger.rebuilds SET worker = NULL WHERE id = $1 AND worker = $2 AND state = 'running'
