SELECT looked, taken FROM ledger.collect_blobs($1, $2)
