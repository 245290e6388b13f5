-- The accounts with an e-mail address.
SELECT a.stream_id, a.version, a.view, a.space_id, a.created_position, k.epoch, k.wrapped, p.stream_id IS NOT NULL AS parked
  FROM rm.account_lookups_{version} e
  JOIN rm.accounts_{version} a ON a.stream_id = e.stream_id
  LEFT JOIN ledger.subject_keys k ON k.log_id = $3 AND k.stream_id = a.stream_id
  LEFT JOIN ledger.parked p
    ON p.name = 'accounts' AND p.version = {version} AND p.log_id = $3 AND p.stream_id = a.stream_id
 WHERE e.kind = 1 AND e.key_hash = $11 AND a.created_position > $1 AND a.created_position <= $10 AND NOT a.erased
   AND ($9::uuid IS NULL OR a.space_id = $9)
   AND ($4::text IS NULL OR a.system = $4)
   AND ($5::bool IS NULL OR a.activated = $5)
   AND ($6::bool IS NULL OR a.blocked = $6)
   AND ($7::timestamptz IS NULL OR a.created_at > $7)
   AND ($8::timestamptz IS NULL OR a.created_at < $8)
 ORDER BY a.created_position LIMIT $2
