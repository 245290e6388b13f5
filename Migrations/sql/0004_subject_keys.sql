-- One data key per stream, wrapped by an epoch's key. To destroy the row's key is to erase the person.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.subject_keys (
  log_id       int2  NOT NULL,
  stream_id    uuid  NOT NULL,
  epoch        int4  NOT NULL,                -- guarded by append_batch and rewrap; a foreign key would cost each creation
  wrapped      bytea,                         -- NULL once destroyed
  destroyed_at timestamptz,
  PRIMARY KEY (log_id, stream_id),
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

RESET ROLE;
