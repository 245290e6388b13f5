SELECT p.version, p.state FROM ledger.projections p WHERE p.name = $1 ORDER BY p.version
