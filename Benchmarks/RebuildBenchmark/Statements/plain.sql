-- The same events as anybody may read them: what stands in clear and what the box holds, in one document.
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
CREATE TABLE bench.events (
  position int8 PRIMARY KEY, recorded_at timestamptz NOT NULL, stream_id uuid NOT NULL, version int4 NOT NULL,
  event_type text NOT NULL, data jsonb NOT NULL
);
