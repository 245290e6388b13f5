INSERT INTO bench.upserted AS a
  (stream_id, version, applied, created_position, created_at, updated_at, system, space_id, activated, blocked, admin,
   erased, name_key, view)
SELECT r.stream_id, $3, r.applied, r.created_position, r.created_at, r.updated_at, r.system, r.space_id, r.activated,
       r.blocked, r.admin, r.erased, r.name_key, r.view
  FROM bench.rows r WHERE r.number > $1 AND r.number <= $2
ON CONFLICT (stream_id) DO UPDATE SET
  version = excluded.version, applied = excluded.applied, updated_at = excluded.updated_at,
  activated = excluded.activated, blocked = excluded.blocked, admin = excluded.admin, erased = excluded.erased,
  name_key = excluded.name_key, view = excluded.view
WHERE a.version < excluded.version
