UPDATE ledger.rebuilds SET state = $3, error = $4, finished_at = now(), done = CASE $3 WHEN 'finished' THEN total ELSE done END
 WHERE id = $1 AND worker = $2 AND state = 'running'
