INSERT INTO ledger.projections (name, version, state, lanes) VALUES ($1, $2, 'active', $3)
