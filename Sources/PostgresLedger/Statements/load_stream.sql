-- Head and events in one snapshot: `seen` says up to where the answer is complete.
SELECT h.position AS seen, k.epoch, k.wrapped, k.destroyed_at IS NOT NULL AS destroyed,
       e.position, e.recorded_at, e.version, e.command_id, e.event_type, e.meta, e.data, e.secret, e.secret_hash
  FROM (SELECT coalesce((SELECT position FROM ledger.events WHERE log_id = $1 ORDER BY position DESC LIMIT 1), 0) AS position) h
  LEFT JOIN ledger.subject_keys k ON k.log_id = $1 AND k.stream_id = $2
  LEFT JOIN ledger.events e ON e.log_id = $1 AND e.stream_id = $2 AND e.version BETWEEN $3 AND $4
 ORDER BY e.version
