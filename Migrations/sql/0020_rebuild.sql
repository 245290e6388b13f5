-- Several versions of a read model side by side: one is built anew while the other one answers.
--
-- `version` counts builds, and is the suffix of the tables; `fold` is the version of the code that filled them. Rows of
-- programs that knew no difference have no fold: theirs is the version.

SET LOCAL ROLE ledger_owner;

ALTER TABLE ledger.projections
  ADD COLUMN fold     int4,                   -- of the fold and of the tables' form; NULL: the same as version
  ADD COLUMN tables   text[],                 -- what is dropped with it; NULL: what its schema names today
  ADD COLUMN ended_at timestamptz,            -- when another version took its place
  DROP CONSTRAINT projections_state_check,
  ADD CONSTRAINT projections_state_check      -- scratch: as of a position of the past, for people to look at
    CHECK (state IN ('building', 'standby', 'active', 'retired', 'scratch'));

ALTER TABLE ledger.parked
  ADD COLUMN event_type text;                 -- of the event that could not be folded

ALTER TABLE ledger.rebuilds
  ALTER COLUMN version DROP NOT NULL,         -- given when the work begins
  ADD COLUMN fold       int4,                 -- which fold is wanted; NULL: that of whoever takes it
  ADD COLUMN up_to      int8,                 -- asked for: the position of the past; NULL for the head
  ADD COLUMN jobs       int4 CHECK (jobs > 0),
  ADD COLUMN memory     int8 CHECK (memory > 0),   -- bytes
  ADD COLUMN head       int8,                 -- the last position that is built
  ADD COLUMN worker     uuid,                 -- who works on it; nothing is committed for anybody else
  ADD COLUMN beat_at    timestamptz,          -- when the worker was last heard of
  ADD COLUMN started_at timestamptz,
  ADD COLUMN rate       float8;               -- events a second

CREATE TABLE ledger.rebuild_ranges (          -- what is done, so that a killed rebuild goes on
  rebuild_id   uuid NOT NULL REFERENCES ledger.rebuilds ON DELETE CASCADE,
  first_stream uuid NOT NULL,
  last_stream  uuid NOT NULL,
  row_count    int8 NOT NULL,
  versions     int8 NOT NULL,                 -- sum of the rows' versions
  PRIMARY KEY (rebuild_id, first_stream)
);

GRANT SELECT ON ledger.rebuild_ranges TO ledger_gateway, ledger_projector, ledger_reader;
GRANT INSERT, UPDATE, DELETE ON ledger.rebuild_ranges TO ledger_projector;

RESET ROLE;
