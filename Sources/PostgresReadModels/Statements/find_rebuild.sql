SELECT r.id, r.name, r.version, r.state, r.done, r.total, r.rate, r.error, r.up_to, r.requested_at, r.finished_at
  FROM ledger.rebuilds r WHERE r.id = $1
