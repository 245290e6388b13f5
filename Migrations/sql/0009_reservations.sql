-- Unique values, and the write side's look-up by name. Written by append_batch alone, in the append's own transaction.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.reservations (
  namespace int2  NOT NULL,
  log_id    int2  NOT NULL,                   -- log of the owner
  key_hash  bytea NOT NULL,                   -- HMAC-SHA-256(pepper, folded value)
  stream_id uuid  NOT NULL,
  position  int8  NOT NULL,                   -- first position of the batch that claimed it
  PRIMARY KEY (namespace, key_hash)
);

RESET ROLE;
