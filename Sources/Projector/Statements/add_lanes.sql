INSERT INTO ledger.lanes (name, version, log_id, lane, position)
SELECT $1, $2, g.log_id, n, $4 FROM ledger.logs g CROSS JOIN generate_series(0, $3 - 1) AS n
ON CONFLICT DO NOTHING
