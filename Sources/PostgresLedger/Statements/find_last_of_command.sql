-- Where the events of a command end that begin at or before a position; they lie side by side.
SELECT max(e.position)
  FROM (SELECT position, command_id FROM ledger.events
         WHERE log_id = $1 AND position >= $2 ORDER BY position LIMIT 600) e
 WHERE e.command_id = $3
