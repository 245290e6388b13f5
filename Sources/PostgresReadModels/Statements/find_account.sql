-- One statement, one snapshot, one round trip (docs/log.md): the row, its key, whether the log holds its next version beyond the
-- lane's position, whether it is parked, and whether the caller's stream has moved. Scalar subqueries cost the executor
-- less than joins that add at most one row.
SELECT a.version, a.view, a.space_id, a.erased, k.epoch, k.wrapped,
       EXISTS (SELECT FROM ledger.parked p
                WHERE p.name = 'accounts' AND p.version = {version} AND p.log_id = $6 AND p.stream_id = $1) AS parked,
       EXISTS (SELECT FROM ledger.events e
                WHERE e.log_id = $6 AND e.stream_id = $1 AND e.version = coalesce(a.version, 0) + 1
                  AND e.position > l.position) AS behind,
       EXISTS (SELECT FROM ledger.events e
                WHERE e.log_id = $6 AND e.stream_id = $3 AND e.version = $4 + 1 AND e.position > $5) AS caller_moved,
       (SELECT p.version FROM ledger.projections p WHERE p.name = 'accounts' AND p.state = 'active') AS active
  FROM ledger.lanes l
  LEFT JOIN rm.accounts_{version} a ON a.stream_id = $1
  LEFT JOIN ledger.subject_keys k ON k.log_id = $6 AND k.stream_id = $1
 WHERE l.name = 'accounts' AND l.version = {version} AND l.log_id = $6 AND l.lane = $2
