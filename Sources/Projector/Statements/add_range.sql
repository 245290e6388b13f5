INSERT INTO ledger.rebuild_ranges (rebuild_id, first_stream, last_stream, row_count, versions) VALUES ($1, $2, $3, $4, $5)
