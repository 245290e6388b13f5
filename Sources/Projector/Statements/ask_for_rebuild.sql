-- Unless one is asked for or under way already.
INSERT INTO ledger.rebuilds (id, name, fold, state) VALUES ($1, $2, $3, 'requested') ON CONFLICT DO NOTHING
