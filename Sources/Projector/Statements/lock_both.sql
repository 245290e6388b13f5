SELECT l.lane FROM ledger.lanes l WHERE l.name = $1 AND l.version IN ($2, $3) ORDER BY l.version, l.log_id, l.lane FOR UPDATE
