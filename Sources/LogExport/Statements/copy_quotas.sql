COPY ledger.quotas (log_id, owner_id, used, maximum) FROM STDIN (FORMAT binary)
