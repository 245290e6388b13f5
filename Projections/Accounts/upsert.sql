-- A row that is not where the fold began stays as it is, and the short count of rows raises the alarm.
INSERT INTO rm.accounts_{version} AS a
  (stream_id, version, applied, created_position, created_at, updated_at, system, space_id, activated, blocked, admin,
   erased, name_key, view)
SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (stream_id) DO UPDATE SET
  version = excluded.version, applied = excluded.applied, updated_at = excluded.updated_at,
  activated = excluded.activated, blocked = excluded.blocked, admin = excluded.admin, erased = excluded.erased,
  name_key = excluded.name_key, view = excluded.view
WHERE a.version + excluded.applied = excluded.version
