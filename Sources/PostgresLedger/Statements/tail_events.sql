SELECT position, stream_id, version FROM ledger.events WHERE log_id = $1 AND position > $2 ORDER BY position LIMIT $3
