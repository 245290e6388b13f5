SELECT t.root FROM ledger.tiles t
 WHERE t.log_id = $1 AND t.level = $2 AND t.idx >= $3 AND t.idx < $4 ORDER BY t.idx
