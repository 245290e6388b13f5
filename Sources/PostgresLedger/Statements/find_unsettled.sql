-- The head, whether its partition was analysed since it got its thousand rows, and whether it has them.
SELECT h.position, c.reltuples >= 1000,
       EXISTS (SELECT 1 FROM ledger.events e
                WHERE e.log_id = $1 AND e.position = h.position - 999 AND e.tableoid = h.tableoid)
  FROM (SELECT position, tableoid FROM ledger.events WHERE log_id = $1 ORDER BY position DESC LIMIT 1) h
  JOIN pg_class c ON c.oid = h.tableoid
