-- Boxes over 64 KiB: ciphertext, stored before the command whose event names it, collected when no event ever does.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.blobs (
  hash      bytea       NOT NULL,             -- SHA-256 of the ciphertext, named in the event's data
  stream_id uuid        NOT NULL,
  log_id    int2        NOT NULL,
  body      bytea       NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (log_id, stream_id, hash),
  CHECK (hash = sha256(body))
);
ALTER TABLE ledger.blobs ALTER COLUMN body SET STORAGE EXTERNAL;

RESET ROLE;
