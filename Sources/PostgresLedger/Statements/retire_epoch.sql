SELECT ledger.retire_epoch($1)
