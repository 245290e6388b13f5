-- Lanes in whose range nothing was appended. One that was moved meanwhile, or is held, is left alone.
UPDATE ledger.lanes l SET position = d.target, updated_at = now()
  FROM (SELECT x.name, x.version, x.lane, n.target
          FROM unnest($2, $3, $4, $5, $6) AS n(name, version, lane, position, target)
          JOIN ledger.lanes x ON x.log_id = $1 AND x.name = n.name AND x.version = n.version AND x.lane = n.lane
                             AND x.position = n.position
           FOR UPDATE OF x SKIP LOCKED) d
 WHERE l.log_id = $1 AND l.name = d.name AND l.version = d.version AND l.lane = d.lane
RETURNING l.name, l.version, l.lane, l.position
