-- What belongs to the streams of a lane, stream by stream: its key (kind 0, if :keys), its reservations (1), its events (2).
-- Of the events the first of each stream, and those whose types do not begin with one of :passed.
COPY (
  SELECT r.stream_id, r.kind, r.number, r.position, r.event_type, r.data, r.body
    FROM (
      SELECT k.stream_id, 0 AS kind, k.epoch AS number, 0::int8 AS position, ''::text AS event_type,
             ''::bytea AS data, k.wrapped AS body
        FROM ledger.subject_keys k
       WHERE k.log_id = :log AND k.stream_id BETWEEN ':first' AND ':last' AND :keys
      UNION ALL
      SELECT x.stream_id, 1, x.namespace::int4, x.position, '', x.key_hash, NULL
        FROM ledger.reservations x
       WHERE x.log_id = :log AND x.stream_id BETWEEN ':first' AND ':last'
      UNION ALL
      SELECT e.stream_id, 2, e.version, e.position, e.event_type, e.data, e.secret
        FROM ledger.events e
       WHERE e.log_id = :log AND e.stream_id BETWEEN ':first' AND ':last'
         AND (e.version = 1 OR NOT e.event_type ^@ ANY (:passed))
    ) r
   ORDER BY r.stream_id, r.kind, r.number
) TO STDOUT (FORMAT binary)
