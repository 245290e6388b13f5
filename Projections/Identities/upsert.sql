-- A row that is not where the fold began stays as it is, and the short count of rows raises the alarm.
INSERT INTO rm.identities_{version} AS i
  (stream_id, version, applied, created_position, created_at, account_id, mfa, ended, view)
SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (stream_id) DO UPDATE SET
  version = excluded.version, applied = excluded.applied, account_id = excluded.account_id, mfa = excluded.mfa,
  ended = excluded.ended, view = excluded.view
WHERE i.version + excluded.applied = excluded.version
