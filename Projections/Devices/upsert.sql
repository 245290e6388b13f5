-- Only some types are folded, so versions have holes; but they rise, or the short count of rows raises the alarm.
INSERT INTO rm.devices_{version} AS d (stream_id, ordinal, version, added_at, revoked_at, view)
SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
ON CONFLICT (stream_id, ordinal) DO UPDATE SET
  version = excluded.version, revoked_at = coalesce(excluded.revoked_at, d.revoked_at), view = excluded.view
WHERE d.version < excluded.version
