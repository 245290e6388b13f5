SELECT stream_id FROM ledger.reservations WHERE namespace = $1 AND key_hash = $2
