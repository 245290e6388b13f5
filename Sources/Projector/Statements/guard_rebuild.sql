-- Held to the end of the transaction: nothing is committed for a worker that was given up, or for a rebuild that ended.
UPDATE ledger.rebuilds SET beat_at = now() WHERE id = $1 AND worker = $2 AND state = 'running'
