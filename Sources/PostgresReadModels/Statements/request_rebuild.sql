-- One at a time of each projection: whoever comes second is given nothing, and finds the one that is under way.
INSERT INTO ledger.rebuilds (id, name, state, up_to, jobs, memory) VALUES ($1, $2, 'requested', $3, $4, $5)
ON CONFLICT DO NOTHING
