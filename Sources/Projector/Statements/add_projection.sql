INSERT INTO ledger.projections (name, version, state, lanes, fold, built_to, tables)
VALUES ($1, $2, $3, $4, $5, $6, $7)
