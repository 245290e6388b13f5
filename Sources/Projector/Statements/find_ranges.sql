SELECT r.first_stream, r.last_stream, r.row_count, r.versions FROM ledger.rebuild_ranges r WHERE r.rebuild_id = $1
 ORDER BY r.first_stream
