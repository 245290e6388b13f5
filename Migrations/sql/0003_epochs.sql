-- The epochs of the wrapping keys. The keys themselves stand in the keyring file, outside the database.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.epochs (
  epoch       int4        PRIMARY KEY,
  check_value bytea       NOT NULL,           -- HMAC(epoch key, 'check')
  opened_at   timestamptz NOT NULL DEFAULT now(),
  retired_at  timestamptz
);

RESET ROLE;
