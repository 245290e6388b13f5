-- The keys of a lane; NULL for those that were destroyed.
COPY (
  SELECT k.stream_id, k.epoch, k.wrapped
    FROM ledger.subject_keys k
   WHERE k.log_id = :log AND k.stream_id BETWEEN ':first' AND ':last'
) TO STDOUT (FORMAT binary)
