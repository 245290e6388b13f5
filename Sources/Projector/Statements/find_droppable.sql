-- Versions that nobody needs: replaced a day ago or replaced twice, scratches of yesterday or given back, and what is left
-- of rebuilds that ended without a swap.
SELECT p.name, p.version, array_to_string(p.tables, ' ') AS tables FROM ledger.projections p
 WHERE (p.state = 'standby' AND p.ended_at < now() - $1 * interval '1 second')
    OR (p.state = 'standby' AND EXISTS (SELECT FROM ledger.projections n
                                         WHERE n.name = p.name AND n.state = 'standby' AND n.ended_at > p.ended_at))
    OR (p.state = 'scratch' AND (p.created_at < now() - $1 * interval '1 second'
                                 OR EXISTS (SELECT FROM ledger.rebuilds r WHERE r.name = p.name AND r.version = p.version
                                                                            AND r.state = 'cancelled')))
    OR ((p.state = 'building' OR (p.state = 'standby' AND p.ended_at IS NULL))
        AND NOT EXISTS (SELECT FROM ledger.rebuilds r WHERE r.name = p.name AND r.version = p.version
                                                        AND r.state IN ('requested', 'running')))
 ORDER BY p.name, p.version
