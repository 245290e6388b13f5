-- The same for a caller without a stream and an account whose key is at hand: the row, and whether it is parked or behind. An
-- erasure shows as a row that is behind, or blank.
SELECT a.version, a.view, a.space_id, a.erased,
       EXISTS (SELECT FROM ledger.parked p
                WHERE p.name = 'accounts' AND p.version = {version} AND p.log_id = $3 AND p.stream_id = $1)
       OR EXISTS (SELECT FROM ledger.events e
                   WHERE e.log_id = $3 AND e.stream_id = $1 AND e.version = a.version + 1
                     AND e.position > l.position) AS unusable
  FROM ledger.lanes l
  JOIN rm.accounts_{version} a ON a.stream_id = $1
 WHERE l.name = 'accounts' AND l.version = {version} AND l.log_id = $3 AND l.lane = $2
