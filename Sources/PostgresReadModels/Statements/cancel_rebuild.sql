-- A scratch version that is finished is given back the same way.
UPDATE ledger.rebuilds SET state = 'cancelled', finished_at = now()
 WHERE id = $1 AND (state IN ('requested', 'running') OR (state = 'finished' AND up_to IS NOT NULL))
