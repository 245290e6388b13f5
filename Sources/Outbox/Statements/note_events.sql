-- What was recorded days ago asks for nothing any more, however it came to stand behind the checkpoint.
INSERT INTO ledger.outbox (log_id, position, kind)
SELECT e.log_id, e.position, k.kind
  FROM ledger.events e CROSS JOIN unnest($4, $5) AS k(event_type, kind)
 WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3 AND e.event_type = ANY ($4)
   AND e.event_type = k.event_type AND e.recorded_at > now() - interval '3 days'
ON CONFLICT (log_id, position, kind) DO NOTHING
