SELECT s.stream_id, s.version, s.view, s.created_position, k.epoch, k.wrapped, s.created_at, coalesce(q.used, 0) AS used
  FROM rm.spaces_{version} s
  JOIN ledger.subject_keys k ON k.log_id = $3 AND k.stream_id = s.stream_id
  LEFT JOIN ledger.quotas q ON q.log_id = $3 AND q.owner_id = s.stream_id
 WHERE s.created_position > $1 AND s.created_position <= $4 AND NOT s.ended
 ORDER BY s.created_position LIMIT $2
