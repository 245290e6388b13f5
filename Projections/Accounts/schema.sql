-- Accounts as the doors show them. Nothing here is readable without the stream's key or the master key.

CREATE TABLE rm.accounts_{version} (
  stream_id        uuid        NOT NULL,
  version          int4        NOT NULL,      -- of the stream, after the last event folded
  applied          int4        NOT NULL,      -- how many events the last write folded: the guard of continuity
  created_position int8        NOT NULL,      -- the place in lists
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  system           text        NOT NULL,
  space_id         uuid,
  activated        bool        NOT NULL,
  blocked          bool        NOT NULL,
  admin            bool        NOT NULL,
  erased           bool        NOT NULL,
  name_key         bytea,                     -- as in ledger.reservations; NULL without a name
  view             bytea                      -- box; NULL once erased
) WITH (fillfactor = 50);
ALTER TABLE rm.accounts_{version} ALTER COLUMN view SET STORAGE EXTERNAL;   -- ciphertext does not compress

CREATE TABLE rm.account_lookups_{version} (
  kind      int2  NOT NULL,                   -- 1: exact e-mail address
  key_hash  bytea NOT NULL,
  stream_id uuid  NOT NULL
);
