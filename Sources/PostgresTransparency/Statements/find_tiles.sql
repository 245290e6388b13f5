SELECT w.level, w.idx, t.hashes
  FROM unnest($2::int2[], $3::int8[]) AS w(level, idx)
 CROSS JOIN LATERAL (SELECT x.hashes FROM ledger.tiles x
                      WHERE x.log_id = $1 AND x.level = w.level AND x.idx = w.idx LIMIT 1) t
