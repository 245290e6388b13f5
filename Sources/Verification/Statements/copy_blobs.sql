COPY (SELECT b.stream_id, b.hash, b.body FROM ledger.blobs b WHERE b.log_id = :log) TO STDOUT (FORMAT binary)
