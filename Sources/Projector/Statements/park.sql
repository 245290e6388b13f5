INSERT INTO ledger.parked AS k (name, version, log_id, stream_id, lane, position, error, event_type)
SELECT n.name, n.version, $1, n.stream_id, $2, n.position, n.error, n.event_type
  FROM unnest($3, $4, $5, $6, $7, $8) AS n(name, version, stream_id, position, error, event_type)
ON CONFLICT (name, version, log_id, stream_id) DO UPDATE SET
  attempts = k.attempts + 1, position = excluded.position, error = excluded.error, event_type = excluded.event_type,
  retry_at = NULL
