-- The log. Everything else in this schema either serves it or can be computed from it.
--
-- Partitioned by position: only the newest partition takes inserts, so its stream index stays in memory. Closed
-- partitions are never detached, for streams fold from version 1.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.events (
  position    int8        NOT NULL,           -- 1, 2, 3, … no gap, in commit order; Merkle leaf index = position - 1
  recorded_at timestamptz NOT NULL,           -- never decreases along position
  stream_id   uuid        NOT NULL,           -- random, or derived from the command id; never from personal data
  command_id  uuid        NOT NULL,           -- idempotency: HMAC of caller, method, path, key; else random
  version     int4        NOT NULL,           -- 1, 2, 3, … inside the stream
  log_id      int2        NOT NULL,
  event_type  text        NOT NULL CHECK (octet_length(event_type) <= 64),   -- with its version: backup.replaced.v1
  meta        bytea       NOT NULL,           -- canonical JSON: actor, door, request and causation ids, fingerprint
  data        bytea       NOT NULL,           -- canonical JSON, nothing that a client typed
  secret      bytea,                          -- key epoch || nonce || AEAD ciphertext || tag
  secret_hash bytea,                          -- SHA-256(secret); stays when the ciphertext is purged
  PRIMARY KEY (log_id, position) WITH (fillfactor = 100),
  -- the leaf has room for exactly one hash, and a box without its hash could be exchanged unnoticed
  CHECK (CASE WHEN secret_hash IS NULL THEN secret IS NULL ELSE octet_length(secret_hash) = 32 END)
) PARTITION BY RANGE (position);

ALTER TABLE ledger.events
  ALTER COLUMN data   SET COMPRESSION lz4,
  ALTER COLUMN secret SET STORAGE EXTERNAL;   -- ciphertext does not compress

RESET ROLE;
