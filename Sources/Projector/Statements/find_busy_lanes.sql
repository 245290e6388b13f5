-- The first bytes of the streams that were appended to: they tell the lanes.
SELECT DISTINCT get_byte(uuid_send(e.stream_id), 0) FROM ledger.events e
 WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3
