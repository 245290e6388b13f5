SELECT ledger.rewrap($1, $2, $3, $4, $5)
