SELECT ledger.open_origin($1, $2, $3)
