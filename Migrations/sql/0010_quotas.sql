-- Counted limits, such as the accounts of a Space. Recomputed by `verify`, written by append_batch alone.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.quotas (
  log_id   int2 NOT NULL,
  owner_id uuid NOT NULL,                     -- the Space's stream
  used     int4 NOT NULL DEFAULT 0 CHECK (used >= 0),
  maximum  int4,                              -- NULL: no limit
  PRIMARY KEY (log_id, owner_id)
) WITH (fillfactor = 10);                     -- a handful of rows rewritten often: HOT updates on their own page

RESET ROLE;
