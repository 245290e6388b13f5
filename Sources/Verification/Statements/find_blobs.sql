-- The blobs that events name: how long they are, NULL for one that is not there.
SELECT s.number, octet_length(b.body)
  FROM unnest($2::uuid[], $3::bytea[], $4::int4[]) AS s(stream, hash, number)
  LEFT JOIN ledger.blobs b ON b.log_id = $1 AND b.stream_id = s.stream AND b.hash = s.hash
 ORDER BY s.number
