-- A log is one order, one lock, one Merkle tree and one shard.
--
-- The row is made by `bootstrap`: origin and key are configuration, which a migration does not know.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.logs (
  log_id       int2        PRIMARY KEY,
  origin       text        NOT NULL UNIQUE,   -- first line of every checkpoint; a fork gets a new one
  master_check bytea       NOT NULL,          -- HMAC(master key, 'check'): a wrong key is noticed at start
  opened_at    timestamptz NOT NULL DEFAULT now()
);

RESET ROLE;
