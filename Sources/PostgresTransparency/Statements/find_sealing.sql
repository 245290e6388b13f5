-- The head, and the newest checkpoint with its age; one snapshot, so neither can be newer than the other is told to be.
SELECT coalesce((SELECT e.position FROM ledger.events e WHERE e.log_id = $1 ORDER BY e.position DESC LIMIT 1), 0) AS head,
       c.tree_size, c.root, c.note, (extract(epoch FROM clock_timestamp() - c.signed_at) * 1000)::int8 AS age
  FROM (SELECT) always
  LEFT JOIN LATERAL (SELECT k.tree_size, k.root, k.note, k.signed_at FROM ledger.checkpoints k
                      WHERE k.log_id = $1 ORDER BY k.tree_size DESC LIMIT 1) c ON true
