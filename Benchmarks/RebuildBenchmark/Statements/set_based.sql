-- What the rebuild makes, as one statement for each table, from events that nobody has sealed and into views that nobody
-- seals.
CREATE TABLE bench.accounts AS
SELECT e.stream_id, max(e.version) AS version, count(*)::int4 AS applied, min(e.position) AS created_position,
       min(e.recorded_at) AS created_at, max(e.recorded_at) AS updated_at, 'native'::text AS system,
       NULL::uuid AS space_id,
       (array_agg(e.event_type <> 'account.deactivated.v1' ORDER BY e.version DESC)
          FILTER (WHERE e.event_type IN ('account.created.v1', 'account.activated.v1', 'account.deactivated.v1')))[1]
         AS activated,
       false AS blocked, false AS admin, false AS erased,
       sha256(convert_to(max(e.data ->> 'name') FILTER (WHERE e.event_type = 'account.created.v1'), 'UTF8')) AS name_key,
       convert_to(jsonb_build_object(
         'id', e.stream_id, 'system', 'native',
         'name', max(e.data ->> 'name') FILTER (WHERE e.event_type = 'account.created.v1'),
         'emails', (array_agg(e.data -> 'emails' ORDER BY e.version DESC) FILTER (WHERE e.data ? 'emails'))[1],
         'profile', coalesce((array_agg(e.data -> 'profile' ORDER BY e.version DESC)
                                FILTER (WHERE e.data ? 'profile'))[1], '{}'),
         'backup', (array_agg(jsonb_build_object('version', e.data -> 'version', 'length', e.data -> 'length',
                                                 'sha256', e.data -> 'sha256', 'stored_at', e.recorded_at)
                              ORDER BY e.version DESC) FILTER (WHERE e.event_type = 'backup.replaced.v1'))[1],
         'devices', coalesce(jsonb_agg(jsonb_build_object('id', e.data -> 'id', 'name', e.data -> 'name',
                                                          'added_at', e.recorded_at, 'revoked_at', NULL)
                                       ORDER BY e.version) FILTER (WHERE e.event_type = 'device.added.v1'), '[]'),
         'version', max(e.version), 'position', max(e.position), 'created_at', min(e.recorded_at),
         'updated_at', max(e.recorded_at))::text, 'UTF8') AS view
  FROM bench.events e GROUP BY e.stream_id;

CREATE TABLE bench.account_lookups AS
SELECT 1::int2 AS kind, sha256(convert_to(a.email, 'UTF8')) AS key_hash, a.stream_id
  FROM (SELECT DISTINCT ON (e.stream_id) e.stream_id, jsonb_array_elements_text(e.data -> 'emails') AS email
          FROM bench.events e WHERE e.data ? 'emails' ORDER BY e.stream_id, e.version DESC) a;

ALTER TABLE bench.accounts ADD PRIMARY KEY (stream_id);
ALTER TABLE bench.account_lookups ADD PRIMARY KEY (kind, key_hash, stream_id);
CREATE INDEX ON bench.accounts (created_position);
CREATE INDEX ON bench.accounts (space_id, created_position) WHERE space_id IS NOT NULL;
CREATE INDEX ON bench.account_lookups (stream_id);
ANALYZE bench.accounts;
ANALYZE bench.account_lookups;
