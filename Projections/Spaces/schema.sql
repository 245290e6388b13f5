-- Spaces as /v1 lists them. How many accounts each has stands in ledger.quotas.

CREATE TABLE rm.spaces_{version} (
  stream_id        uuid        NOT NULL,
  version          int4        NOT NULL,      -- of the stream, after the last event folded
  applied          int4        NOT NULL,      -- how many events the last write folded: the guard of continuity
  created_position int8        NOT NULL,      -- the place in lists
  created_at       timestamptz NOT NULL,
  closed           bool        NOT NULL,
  ended            bool        NOT NULL,
  view             bytea                      -- box; NULL once ended
) WITH (fillfactor = 80);
ALTER TABLE rm.spaces_{version} ALTER COLUMN view SET STORAGE EXTERNAL;   -- ciphertext does not compress
