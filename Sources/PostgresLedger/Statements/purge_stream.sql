SELECT ledger.purge($1, $2, $3)
