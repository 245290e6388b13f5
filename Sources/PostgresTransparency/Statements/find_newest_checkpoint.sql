-- With the cosignatures below the note.
SELECT c.tree_size, c.root,
       c.note || coalesce((SELECT string_agg(s.line || E'\n', '' ORDER BY s.witness) FROM ledger.cosignatures s
                            WHERE s.log_id = c.log_id AND s.tree_size = c.tree_size), '')
  FROM ledger.checkpoints c WHERE c.log_id = $1 ORDER BY c.tree_size DESC LIMIT 1
