-- A parked stream whose person was erased must not keep what it had: it is folded again, which blanks its rows.
UPDATE ledger.parked k SET retry_at = now()
  FROM unnest($2, $3, $4) AS n(name, version, stream_id)
 WHERE k.name = n.name AND k.version = n.version AND k.log_id = $1 AND k.stream_id = n.stream_id
