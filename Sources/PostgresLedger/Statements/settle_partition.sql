SELECT ledger.settle_partition($1)
