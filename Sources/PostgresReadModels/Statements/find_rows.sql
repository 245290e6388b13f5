-- The rows of accounts whose keys are at hand, for callers without a stream: many concurrent reads in one statement. Each row
-- tells whether it is parked or behind; an erasure shows as a row that is behind, or blank. A lane that is at the head of the
-- log lacks nothing, so that no row of it need be looked for in the log; nor in the list of what is parked when that is empty.
SELECT a.stream_id, a.version, a.view, a.space_id, a.erased,
       (SELECT EXISTS (SELECT FROM ledger.parked p
                        WHERE p.name = 'accounts' AND p.version = {version} AND p.log_id = $2))
       AND EXISTS (SELECT FROM ledger.parked p
                    WHERE p.name = 'accounts' AND p.version = {version} AND p.log_id = $2 AND p.stream_id = a.stream_id)
       OR l.position < (SELECT e.position FROM ledger.events e WHERE e.log_id = $2 ORDER BY e.position DESC LIMIT 1)
       AND EXISTS (SELECT FROM ledger.events e
                    WHERE e.log_id = $2 AND e.stream_id = a.stream_id AND e.version = a.version + 1
                      AND e.position > l.position) AS unusable,
       (SELECT p.version FROM ledger.projections p WHERE p.name = 'accounts' AND p.state = 'active') AS active
  FROM unnest($1::uuid[]) AS w (stream_id)
  JOIN rm.accounts_{version} a ON a.stream_id = w.stream_id
  JOIN ledger.lanes l
    ON l.name = 'accounts' AND l.version = {version} AND l.log_id = $2
   AND l.lane = get_byte(uuid_send(a.stream_id), 0) >> 6
