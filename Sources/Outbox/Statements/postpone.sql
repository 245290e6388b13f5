UPDATE ledger.outbox o SET next_try_at = now() + $4 * interval '1 millisecond'
 WHERE o.log_id = $1 AND o.position = $2 AND o.kind = $3 AND o.state = 'waiting'
