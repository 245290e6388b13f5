-- The plainest table of events: a position from an identity column, and a unique version in each stream.
CREATE TABLE events (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream   uuid        NOT NULL,
  version  int         NOT NULL,
  type     text        NOT NULL,
  at       timestamptz NOT NULL DEFAULT now(),
  payload  jsonb       NOT NULL,
  UNIQUE (stream, version)
);
