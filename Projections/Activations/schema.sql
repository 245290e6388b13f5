-- Which activations are to be forgotten, and when. Nothing of what they were asked for stands here.

CREATE TABLE rm.activations_{version} (
  stream_id uuid        NOT NULL,
  version   int4        NOT NULL,      -- of the stream, after the last event folded
  applied   int4        NOT NULL,      -- how many events the last write folded: the guard of continuity
  closes_at timestamptz,               -- when it was redeemed, or can no longer be
  ended     bool        NOT NULL
) WITH (fillfactor = 80);
