COPY (SELECT e.position, e.recorded_at, e.stream_id, e.command_id, e.version, e.event_type, e.meta, e.data, e.secret,
             e.secret_hash
        FROM ledger.events e WHERE e.log_id = {log} AND e.position > {after} AND e.position <= {to} ORDER BY e.position)
  TO STDOUT (FORMAT binary)
