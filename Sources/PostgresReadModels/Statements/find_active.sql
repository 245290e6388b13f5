SELECT p.version, coalesce(p.fold, p.version) AS fold FROM ledger.projections p WHERE p.name = $1 AND p.state = 'active'
