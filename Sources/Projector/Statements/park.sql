INSERT INTO ledger.parked AS k (name, version, log_id, stream_id, lane, position, error)
SELECT n.name, n.version, $1, n.stream_id, $2, n.position, n.error
  FROM unnest($3, $4, $5, $6, $7) AS n(name, version, stream_id, position, error)
ON CONFLICT (name, version, log_id, stream_id) DO UPDATE SET
  attempts = k.attempts + 1, position = excluded.position, error = excluded.error, retry_at = NULL
