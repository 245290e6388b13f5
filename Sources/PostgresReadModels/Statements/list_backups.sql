SELECT e.version FROM ledger.events e
 WHERE e.log_id = $1 AND e.stream_id = $2 AND e.event_type LIKE 'backup.replaced.%' AND e.position <= $5
 ORDER BY e.version OFFSET $3 LIMIT $4
