-- How far the log has been looked through for events that ask for a mail: one row for each log, checkpoint and lease.
--
-- A log that is opened new begins at 0; one that had events before this table, or was restored, begins at its head, so
-- that what happened long ago is not mailed again.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.outbox_lanes (
  log_id     int2        PRIMARY KEY,
  position   int8        NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 10);

-- For whoever puts events into a log by another way than appending: a restore ends with this.
CREATE FUNCTION ledger.start_outbox_at_head(p_log int2) RETURNS void LANGUAGE sql
SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO ledger.outbox_lanes AS o (log_id, position)
  VALUES (p_log, coalesce((SELECT e.position FROM ledger.events e WHERE e.log_id = p_log
                            ORDER BY e.position DESC LIMIT 1), 0))
  ON CONFLICT (log_id) DO UPDATE SET position = greatest(o.position, excluded.position), updated_at = now()
$$;
REVOKE EXECUTE ON FUNCTION ledger.start_outbox_at_head(int2) FROM PUBLIC;

SELECT ledger.start_outbox_at_head(l.log_id) FROM ledger.logs l;

GRANT SELECT ON ledger.outbox_lanes TO ledger_gateway, ledger_reader;
GRANT SELECT, INSERT, UPDATE ON ledger.outbox_lanes TO ledger_projector;
GRANT EXECUTE ON FUNCTION ledger.start_outbox_at_head(int2) TO ledger_projector;

RESET ROLE;
