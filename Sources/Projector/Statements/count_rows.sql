SELECT count(*), coalesce(sum(version), 0)::int8 FROM {table} WHERE {condition}
