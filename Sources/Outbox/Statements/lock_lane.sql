-- Whoever comes second has nothing to do here.
SELECT o.position FROM ledger.outbox_lanes o WHERE o.log_id = $1 FOR UPDATE SKIP LOCKED
