SELECT 1 + greatest((SELECT coalesce(max(p.version), 0) FROM ledger.projections p WHERE p.name = $1),
                    (SELECT coalesce(max(r.version), 0) FROM ledger.rebuilds r WHERE r.name = $1)) AS version
