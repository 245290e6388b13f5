SELECT r.id FROM ledger.rebuilds r WHERE r.name = $1 AND r.state IN ('requested', 'running')
