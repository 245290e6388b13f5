UPDATE ledger.rebuilds SET beat_at = now(), done = greatest(done, least($3, total)), rate = $4
 WHERE id = $1 AND worker = $2 AND state = 'running'
