-- A log that is opened new has its outbox begin with its first event.
WITH opened AS (
  INSERT INTO ledger.logs (log_id, origin, master_check) VALUES ($1, $2, $3) ON CONFLICT (log_id) DO NOTHING
  RETURNING log_id
)
INSERT INTO ledger.outbox_lanes (log_id, position) SELECT o.log_id, 0 FROM opened o ON CONFLICT (log_id) DO NOTHING
