SELECT i.stream_id, i.version, i.view, i.created_position, k.epoch, k.wrapped
  FROM rm.identities_{version} i
  JOIN ledger.subject_keys k ON k.log_id = $3 AND k.stream_id = i.stream_id
 WHERE i.created_position > $1 AND i.created_position <= $4 AND NOT i.ended
 ORDER BY i.created_position LIMIT $2
