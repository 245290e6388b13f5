-- What the run is about: the log's name, its ends, and what this user may look at.
SELECT l.origin,
       coalesce((SELECT e.position FROM ledger.events e WHERE e.log_id = $1 ORDER BY e.position DESC LIMIT 1), 0),
       coalesce((SELECT (t.idx + 1) * 256 FROM ledger.tiles t
                  WHERE t.log_id = $1 AND t.level = 0 ORDER BY t.idx DESC LIMIT 1), 0),
       has_table_privilege('ledger.subject_keys', 'SELECT'),
       has_table_privilege('ledger.reservations', 'SELECT'),
       pg_export_snapshot()
  FROM ledger.logs l
 WHERE l.log_id = $1
