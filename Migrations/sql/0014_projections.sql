-- The read models as the log knows them: versions, lanes, parked streams, rebuilds. Their rows live in schema rm.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.projections (
  name       text        NOT NULL,
  version    int4        NOT NULL,            -- of the fold and of its tables
  state      text        NOT NULL CHECK (state IN ('building', 'standby', 'active', 'retired')),
  lanes      int2        NOT NULL CHECK (lanes > 0),
  built_to   int8,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, version)
);
CREATE UNIQUE INDEX projections_one_active ON ledger.projections (name) WHERE state = 'active';

CREATE TABLE ledger.lanes (                   -- one row = checkpoint + lease + fencing token
  name       text        NOT NULL,
  version    int4        NOT NULL,
  log_id     int2        NOT NULL,
  lane       int2        NOT NULL,            -- top bits of stream_id
  position   int8        NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, version, log_id, lane),
  FOREIGN KEY (name, version) REFERENCES ledger.projections ON DELETE CASCADE
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE ledger.parked (                  -- a whole stream is parked, never a single event
  name      text        NOT NULL,
  version   int4        NOT NULL,
  log_id    int2        NOT NULL,
  stream_id uuid        NOT NULL,
  lane      int2        NOT NULL,
  position  int8        NOT NULL,
  attempts  int4        NOT NULL DEFAULT 1,
  error     text        NOT NULL,             -- kind and place of the failure; never what the event holds
  parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  retry_at  timestamptz,                      -- set by a gateway that was asked to try again
  PRIMARY KEY (name, version, log_id, stream_id),
  FOREIGN KEY (name, version) REFERENCES ledger.projections ON DELETE CASCADE
);

CREATE TABLE ledger.rebuilds (                -- executed by any project process
  id           uuid        PRIMARY KEY,
  name         text        NOT NULL,
  version      int4        NOT NULL,
  state        text        NOT NULL CHECK (state IN ('requested', 'running', 'finished', 'failed', 'cancelled')),
  done         int8        NOT NULL DEFAULT 0,
  total        int8,
  error        text,
  requested_at timestamptz NOT NULL DEFAULT now(),
  finished_at  timestamptz
);
CREATE UNIQUE INDEX rebuilds_one_running ON ledger.rebuilds (name) WHERE state IN ('requested', 'running');

RESET ROLE;
