-- Side effects that are due: a mail for an event. No content: the sender opens the event and derives what it needs.
--
-- Written in the projector's own transaction, so that each event gets its row once; never by a rebuild or a restore.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.outbox (
  log_id      int2        NOT NULL,
  position    int8        NOT NULL,           -- of the event that asks for it
  kind        text        NOT NULL,
  state       text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'given_up')),
  attempts    int4        NOT NULL DEFAULT 0,
  next_try_at timestamptz NOT NULL DEFAULT now(),
  settled_at  timestamptz,
  PRIMARY KEY (log_id, position, kind),
  CHECK ((state = 'waiting') = (settled_at IS NULL))
);
CREATE INDEX outbox_due ON ledger.outbox (next_try_at) WHERE state = 'waiting';

RESET ROLE;
