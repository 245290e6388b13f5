-- Partitions of the log: made, kept ahead of the head, and made known to the planner.

SET LOCAL ROLE ledger_owner;

-- Makes the partition [p_from, p_to).
--
-- It is made apart and attached: CREATE TABLE … PARTITION OF would lock the parent, so that a long dump or export
-- stood between an append and its table. Attaching waits half a second at most; who asks, asks again.
CREATE FUNCTION ledger.add_partition(p_from int8, p_to int8) RETURNS text LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  t text := 'events_p' || lpad((p_from - 1)::text, 15, '0');
BEGIN
  IF p_from IS NULL OR p_to IS NULL OR p_from < 1 OR p_to <= p_from THEN
    RAISE EXCEPTION 'no partition can hold the positions from % to %', p_from, p_to USING ERRCODE = 'LG003';
  END IF;
  -- the CHECK spares ATTACH its scan
  EXECUTE format('CREATE TABLE ledger.%I (LIKE ledger.events
        INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION,
        CONSTRAINT range CHECK (position >= %s AND position < %s))
      WITH (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000000)', t, p_from, p_to);
  EXECUTE format('ALTER TABLE ledger.%I ADD PRIMARY KEY (log_id, position) WITH (fillfactor = 100)', t);
  -- per partition: a unique index on the parent would have to contain position and so would guard nothing
  EXECUTE format('CREATE UNIQUE INDEX ON ledger.%I (stream_id, version, log_id)', t);
  -- a statement's trigger is not passed on to partitions, a row's is
  EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger.%I
                  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse()', t);
  EXECUTE format('ALTER TABLE ledger.events ATTACH PARTITION ledger.%I FOR VALUES FROM (%s) TO (%s)', t, p_from, p_to);
  EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER no_truncate, ENABLE ALWAYS TRIGGER no_delete,
                  ENABLE ALWAYS TRIGGER purge_only', t);
  EXECUTE format('ALTER TABLE ledger.%I DROP CONSTRAINT range', t);
  RETURN t;
END $$;

-- Sees to it that p_ahead empty partitions stand behind the one that takes the next event; answers how many it made.
--
-- Cheap when there is nothing to do. Of two gateways that ask at once one does the work, the other answers 0.
CREATE FUNCTION ledger.ensure_partitions(p_log int2, p_size int8, p_ahead int4) RETURNS int4 LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_head int8; v_end int8; v_ahead int4; v_made int4 := 0;
BEGIN
  IF p_log IS NULL OR p_size IS NULL OR p_ahead IS NULL OR p_size < 1 OR p_ahead NOT BETWEEN 1 AND 100 THEN
    RAISE EXCEPTION 'a partition holds 1 event or more, and 1 to 100 are made ahead' USING ERRCODE = 'LG003';
  END IF;
  IF NOT pg_try_advisory_xact_lock(1279607881, 0) THEN RETURN 0; END IF;

  SELECT e.position INTO v_head FROM ledger.events e WHERE e.log_id = p_log ORDER BY e.position DESC LIMIT 1;
  v_head := coalesce(v_head, 0);
  SELECT coalesce(max(b.upper), 1), count(*) FILTER (WHERE b.lower > v_head + 1)
    INTO v_end, v_ahead
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
   CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(\d+)''\) TO \(''(\d+)''\)') AS m
   CROSS JOIN LATERAL (SELECT m[1]::int8 AS lower, m[2]::int8 AS upper) b
   WHERE i.inhparent = 'ledger.events'::regclass;
  -- the log outgrew its partitions: the first one made takes the next event
  IF v_end <= v_head + 1 THEN v_ahead := -1; END IF;

  WHILE v_ahead < p_ahead LOOP
    PERFORM ledger.add_partition(v_end, v_end + p_size);
    v_end := v_end + p_size; v_ahead := v_ahead + 1; v_made := v_made + 1;
  END LOOP;
  RETURN v_made;
END $$;

-- Makes every session plan anew for the partition that holds p_position.
--
-- A plan that was cached while a partition was empty walks its position index for ever; ANALYZE ends that. The sealer
-- calls this as soon as the newest partition, the first one included, holds a thousand rows.
CREATE FUNCTION ledger.settle_partition(p_position int8) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  t regclass;
BEGIN
  SELECT e.tableoid INTO t FROM ledger.events e WHERE e.position = p_position LIMIT 1;
  IF t IS NOT NULL THEN EXECUTE format('ANALYZE %s', t); END IF;
END $$;

DO $$ BEGIN
  PERFORM ledger.add_partition(1, 20000001);
  PERFORM ledger.add_partition(20000001, 40000001);
END $$;

RESET ROLE;
