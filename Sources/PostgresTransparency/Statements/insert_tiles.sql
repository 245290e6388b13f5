INSERT INTO ledger.tiles (log_id, level, idx, hashes, root)
SELECT $1, t.level, t.idx, t.hashes, t.root
  FROM unnest($2::int2[], $3::int8[], $4::bytea[], $5::bytea[]) AS t(level, idx, hashes, root)
