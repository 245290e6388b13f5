-- A projector that is one statement: folds a slice of the log and merges what came of it into the rows that are there.
INSERT INTO bench.sliced AS a
  (stream_id, version, applied, created_position, created_at, updated_at, system, activated, blocked, admin, erased,
   name_key, view)
SELECT e.stream_id, max(e.version), count(*)::int4, min(e.position), min(e.recorded_at), max(e.recorded_at), 'native',
       (array_agg(e.event_type <> 'account.deactivated.v1' ORDER BY e.version DESC)
          FILTER (WHERE e.event_type IN ('account.created.v1', 'account.activated.v1', 'account.deactivated.v1')))[1],
       false, false, false,
       sha256(convert_to(max(e.data ->> 'name') FILTER (WHERE e.event_type = 'account.created.v1'), 'UTF8')),
       jsonb_strip_nulls(jsonb_build_object(
         'id', e.stream_id, 'system', 'native',
         'name', max(e.data ->> 'name') FILTER (WHERE e.event_type = 'account.created.v1'),
         'emails', (array_agg(e.data -> 'emails' ORDER BY e.version DESC) FILTER (WHERE e.data ? 'emails'))[1],
         'profile', (array_agg(e.data -> 'profile' ORDER BY e.version DESC) FILTER (WHERE e.data ? 'profile'))[1],
         'backup', (array_agg(jsonb_build_object('version', e.data -> 'version', 'length', e.data -> 'length',
                                                 'sha256', e.data -> 'sha256', 'stored_at', e.recorded_at)
                              ORDER BY e.version DESC) FILTER (WHERE e.event_type = 'backup.replaced.v1'))[1],
         'devices', jsonb_agg(jsonb_build_object('id', e.data -> 'id', 'name', e.data -> 'name',
                                                 'added_at', e.recorded_at)
                              ORDER BY e.version) FILTER (WHERE e.event_type = 'device.added.v1'),
         'version', max(e.version), 'position', max(e.position),
         'created_at', min(e.recorded_at) FILTER (WHERE e.event_type = 'account.created.v1'),
         'updated_at', max(e.recorded_at)))
  FROM bench.events e
 WHERE e.position > $1 AND e.position <= $2
 GROUP BY e.stream_id
ON CONFLICT (stream_id) DO UPDATE SET
  version = excluded.version, applied = excluded.applied, updated_at = excluded.updated_at,
  activated = coalesce(excluded.activated, a.activated), name_key = coalesce(excluded.name_key, a.name_key),
  view = a.view || excluded.view || jsonb_build_object(
    'devices', coalesce(a.view -> 'devices', '[]') || coalesce(excluded.view -> 'devices', '[]'))
WHERE a.version < excluded.version
