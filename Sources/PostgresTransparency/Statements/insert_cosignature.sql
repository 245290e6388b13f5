-- Another gateway may have been given one for the same checkpoint; the first stays.
INSERT INTO ledger.cosignatures (log_id, tree_size, witness, line) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
