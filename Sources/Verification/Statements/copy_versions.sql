-- What a later pass over the streams' versions needs, in order.
COPY (
  SELECT e.position, e.stream_id, e.version
    FROM ledger.events e
   WHERE e.log_id = :log AND e.position >= :from AND e.position <= :to
   ORDER BY e.position
) TO STDOUT (FORMAT binary)
