-- The oldest rebuild that somebody asked for, or that its worker was not heard of any more; whoever had it before is
-- named, so that what is left of its sessions can be ended.
WITH due AS (
  SELECT r.id, r.worker, n.fold
    FROM ledger.rebuilds r JOIN unnest($3, $4) AS n (name, fold) ON n.name = r.name AND coalesce(r.fold, n.fold) = n.fold
   WHERE r.state = 'requested'
      OR (r.state = 'running' AND (r.worker IS NULL OR r.beat_at < now() - $2 * interval '1 millisecond'))
   ORDER BY r.requested_at LIMIT 1 FOR UPDATE OF r SKIP LOCKED)
UPDATE ledger.rebuilds r
   SET state = 'running', worker = $1, beat_at = now(), started_at = coalesce(r.started_at, now()), fold = due.fold
  FROM due WHERE r.id = due.id
RETURNING r.id, r.name, r.version, r.fold, r.up_to, r.head, r.jobs, r.memory, due.worker AS previous
