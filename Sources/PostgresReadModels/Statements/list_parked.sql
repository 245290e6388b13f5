SELECT name, version, stream_id, position, error, attempts, event_type FROM ledger.parked WHERE log_id = $1 ORDER BY name, version, position LIMIT 1000
