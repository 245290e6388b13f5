-- What an export closes with belongs to one moment, the one of its last event. WITH HOLD puts the rows aside at the
-- commit, so that no snapshot stays open while a slow reader takes them.
DECLARE export_epochs NO SCROLL CURSOR WITH HOLD FOR
  SELECT e.epoch, e.check_value, e.opened_at, e.retired_at FROM ledger.epochs e ORDER BY e.epoch;
DECLARE export_keys NO SCROLL CURSOR WITH HOLD FOR
  SELECT k.stream_id, k.epoch, k.wrapped, k.destroyed_at FROM ledger.subject_keys k
   WHERE k.log_id = $1 ORDER BY k.stream_id;
DECLARE export_reservations NO SCROLL CURSOR WITH HOLD FOR
  SELECT r.namespace, r.key_hash, r.stream_id, r.position FROM ledger.reservations r
   WHERE r.log_id = $1 ORDER BY r.namespace, r.key_hash;
DECLARE export_quotas NO SCROLL CURSOR WITH HOLD FOR
  SELECT q.owner_id, q.used, q.maximum FROM ledger.quotas q WHERE q.log_id = $1 ORDER BY q.owner_id
