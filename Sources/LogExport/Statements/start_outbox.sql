-- What was mailed long ago is not mailed again.
SELECT ledger.start_outbox_at_head($1)
