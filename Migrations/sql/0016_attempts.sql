-- Failed logins and rate counters. No events: they say nothing about an account that has to stay.
--
-- Logged, but written with asynchronous commit: a crash may forget the last moments, not the state of siege.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.attempts (
  key_hash     bytea       PRIMARY KEY,       -- HMAC(pepper, kind ‖ account or client): no name, no address
  used         int4        NOT NULL CHECK (used >= 0),
  window_ends  timestamptz NOT NULL,          -- then counted from 0 again; after it the row may go
  locked_until timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

RESET ROLE;
