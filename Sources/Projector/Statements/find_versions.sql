SELECT p.version, p.state, coalesce(p.fold, p.version) AS fold
  FROM ledger.projections p WHERE p.name = $1 ORDER BY p.version
