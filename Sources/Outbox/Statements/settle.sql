UPDATE ledger.outbox o SET state = $4, settled_at = now()
 WHERE o.log_id = $1 AND o.position = $2 AND o.kind = $3 AND o.state = 'waiting'
