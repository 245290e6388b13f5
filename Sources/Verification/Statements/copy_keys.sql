-- The keys of a lane that were not destroyed.
COPY (
  SELECT k.stream_id, k.epoch, k.wrapped
    FROM ledger.subject_keys k
   WHERE k.log_id = :log AND k.stream_id BETWEEN ':first' AND ':last' AND k.wrapped IS NOT NULL
) TO STDOUT (FORMAT binary)
