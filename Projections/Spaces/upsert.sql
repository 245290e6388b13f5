-- A row that is not where the fold began stays as it is, and the short count of rows raises the alarm.
INSERT INTO rm.spaces_{version} AS s
  (stream_id, version, applied, created_position, created_at, closed, ended, view)
SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (stream_id) DO UPDATE SET
  version = excluded.version, applied = excluded.applied, closed = excluded.closed, ended = excluded.ended,
  view = excluded.view
WHERE s.version + excluded.applied = excluded.version
