-- A row that is not where the fold began stays as it is, and the short count of rows raises the alarm. A time that is
-- NULL is the one that stands in the row already.
INSERT INTO rm.activations_{version} AS a (stream_id, version, applied, closes_at, ended)
SELECT * FROM unnest($1, $2, $3, $4, $5)
ON CONFLICT (stream_id) DO UPDATE SET
  version = excluded.version, applied = excluded.applied, closes_at = coalesce(excluded.closes_at, a.closes_at),
  ended = a.ended OR excluded.ended
WHERE a.version + excluded.applied = excluded.version
