SELECT ledger.thin_checkpoints($1)
