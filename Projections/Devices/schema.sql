-- Devices of all accounts, so that they can be searched across accounts.

CREATE TABLE rm.devices_{version} (
  stream_id  uuid        NOT NULL,            -- the account
  ordinal    int4        NOT NULL,
  version    int4        NOT NULL,            -- of the account's stream: the last event that touched the device
  added_at   timestamptz NOT NULL,
  revoked_at timestamptz,
  view       bytea                            -- box; the erased have no row
) WITH (fillfactor = 80);
ALTER TABLE rm.devices_{version} ALTER COLUMN view SET STORAGE EXTERNAL;   -- ciphertext does not compress

CREATE TABLE rm.device_lookups_{version} (
  key_hash  bytea NOT NULL,
  stream_id uuid  NOT NULL,
  ordinal   int4  NOT NULL
);
