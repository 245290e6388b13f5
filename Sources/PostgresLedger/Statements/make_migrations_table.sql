CREATE SCHEMA IF NOT EXISTS ledger;
CREATE TABLE ledger.migrations (
  number     int4        PRIMARY KEY,
  name       text        NOT NULL,
  checksum   bytea       NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
