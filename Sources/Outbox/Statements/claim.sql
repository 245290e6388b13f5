-- Takes the mail that is due longest, and keeps it from the others until it is settled or the lease is over.
WITH due AS (
  SELECT o.log_id, o.position, o.kind FROM ledger.outbox o
   WHERE o.log_id = $1 AND o.state = 'waiting' AND o.next_try_at <= now() AND o.kind = ANY ($2)
   ORDER BY o.next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE ledger.outbox o SET attempts = o.attempts + 1, next_try_at = now() + $3 * interval '1 second'
  FROM due d WHERE o.log_id = d.log_id AND o.position = d.position AND o.kind = d.kind
RETURNING o.position, o.kind, o.attempts
