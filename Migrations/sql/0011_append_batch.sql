-- The one way into the log: a batch of commands, decided and written in one call, one transaction, under one lock.
--
-- The caller sees to it that in one batch a stream is appended to by one command or asserted by any number, never both,
-- and that a claim's key stands in one command and once. So every command is judged on committed state alone.
--
-- Answers head, the position before this batch, and appended, the number of events behind it. outcomes is NULL when
-- every command was accepted; otherwise one letter per command:
--   a accepted, d applied earlier, v version conflict, u unique value held by another stream, q quota exhausted
-- refused_at names the row that decided (1-based): for v and d the part (s_), for u the claim (r_), for q the row of
-- q_, or of m_ where the new limit lies below what is in use.
--
-- Errors undo the whole batch: LG002 isolation, LG003 malformed, LG004 clocks apart, LG005 a key twice, LG006 epoch
-- unknown or retired, LG007 the log ends before what the caller has read.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION ledger.append_batch(
  p_log int2, p_now timestamptz,                                              -- the gateway's clock
  c_id uuid[],                                                                -- commands
  s_cmd int4[], s_stream uuid[], s_expected int4[], s_seen int8[],            -- parts: streams appended to or asserted
  s_epoch int4[], s_wrapped bytea[], s_destroy bool[],                        --   a new stream's key; erasure of one
  e_part int4[], e_version int4[], e_type text[],                             -- events
  e_meta bytea[], e_data bytea[], e_secret bytea[], e_secret_hash bytea[],
  r_part int4[], r_add bool[], r_ns int2[], r_key bytea[],                    -- unique values taken and given up
  q_cmd int4[], q_owner uuid[], q_delta int4[],                               -- places taken (> 0) and given back
  m_cmd int4[], m_owner uuid[], m_maximum int4[],                             -- limits set
  p_notify bool,
  OUT head int8, OUT at timestamptz, OUT appended int4, OUT outcomes "char"[], OUT refused_at int4[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- Generic plans on indexes, always: a plan that follows the statistics of the moment can hold the lock for seconds.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
  v_bad bool := false; v_from int8; v_seen int8; v_rec record; v_n int8;
  v_owner uuid[]; v_known bool[]; v_used int4[]; v_max int4[];                -- quotas as they stand, then as they will
  v_known_before bool[]; v_used_before int4[]; v_max_before int4[];
  v_k int4; v_fits bool;
BEGIN
  -- 0. what can be known without the lock is refused without it
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'append_batch needs read committed' USING ERRCODE = 'LG002';
  END IF;
  -- unnest fills a short array up with NULLs, and no comparison with NULL would ever refuse anything
  IF num_nulls(p_log, p_now, p_notify, c_id, s_cmd, s_stream, s_expected, s_seen, s_epoch, s_wrapped, s_destroy,
               e_part, e_version, e_type, e_meta, e_data, e_secret, e_secret_hash, r_part, r_add, r_ns, r_key,
               q_cmd, q_owner, q_delta, m_cmd, m_owner, m_maximum) > 0
     OR cardinality(s_cmd) <> ANY (ARRAY[cardinality(s_stream), cardinality(s_expected), cardinality(s_seen),
                                         cardinality(s_epoch), cardinality(s_wrapped), cardinality(s_destroy)])
     OR cardinality(e_part) <> ANY (ARRAY[cardinality(e_version), cardinality(e_type), cardinality(e_meta),
                                          cardinality(e_data), cardinality(e_secret), cardinality(e_secret_hash)])
     OR cardinality(r_part) <> ANY (ARRAY[cardinality(r_add), cardinality(r_ns), cardinality(r_key)])
     OR cardinality(q_cmd) <> ANY (ARRAY[cardinality(q_owner), cardinality(q_delta)])
     OR cardinality(m_cmd) <> ANY (ARRAY[cardinality(m_owner), cardinality(m_maximum)])
     OR num_nonnulls(
          array_position(c_id, NULL), array_position(s_cmd, NULL), array_position(s_stream, NULL),
          array_position(s_expected, NULL), array_position(s_seen, NULL), array_position(s_destroy, NULL),
          array_position(e_part, NULL), array_position(e_version, NULL),
          array_position(r_part, NULL), array_position(r_add, NULL), array_position(r_ns, NULL), array_position(r_key, NULL),
          array_position(q_cmd, NULL), array_position(q_owner, NULL), array_position(q_delta, NULL),
          array_position(m_cmd, NULL), array_position(m_owner, NULL)) > 0 THEN
    RAISE EXCEPTION 'malformed batch: an array is missing or too short, or holds a NULL' USING ERRCODE = 'LG003';
  END IF;
  -- a row that names no command or part would be forgotten without a word; a hole in the versions would stop the sealer
  IF EXISTS (SELECT 1 FROM unnest(s_cmd) x WHERE x NOT BETWEEN 1 AND cardinality(c_id))
     OR EXISTS (SELECT 1 FROM (SELECT e.part, e.version, row_number() OVER (PARTITION BY e.part ORDER BY e.i) AS n
                                 FROM unnest(e_part, e_version) WITH ORDINALITY AS e(part, version, i)) x
                 WHERE x.version IS DISTINCT FROM s_expected[x.part] + x.n) THEN
    RAISE EXCEPTION 'malformed batch: a part without command, or versions that do not follow what is expected'
      USING ERRCODE = 'LG003';
  END IF;
  IF cardinality(r_part) > 0 THEN
    IF EXISTS (SELECT 1 FROM unnest(r_part) x WHERE x NOT BETWEEN 1 AND cardinality(s_cmd)) THEN
      RAISE EXCEPTION 'malformed batch: a claim without part' USING ERRCODE = 'LG003';
    END IF;
    IF EXISTS (SELECT 1 FROM unnest(r_part, r_add, r_ns, r_key) AS r(part, adding, ns, key)
                GROUP BY r.ns, r.key
               HAVING count(*) > 1 AND (count(*) FILTER (WHERE r.adding) > 1 OR count(*) FILTER (WHERE NOT r.adding) > 1
                                        OR min(s_cmd[r.part]) <> max(s_cmd[r.part]))) THEN
      RAISE EXCEPTION 'a unique value stands twice in the batch' USING ERRCODE = 'LG005';
    END IF;
  END IF;
  IF cardinality(q_cmd) + cardinality(m_cmd) > 0
     AND EXISTS (SELECT 1 FROM unnest(q_cmd || m_cmd) x WHERE x NOT BETWEEN 1 AND cardinality(c_id)) THEN
    RAISE EXCEPTION 'malformed batch: a quota without command' USING ERRCODE = 'LG003';
  END IF;
  IF abs(extract(epoch FROM clock_timestamp() - p_now)) > 5 THEN
    RAISE EXCEPTION 'the clocks of gateway and database differ by more than 5 s' USING ERRCODE = 'LG004';
  END IF;

  -- 1. one writer per log until commit; every later statement gets a snapshot taken after this
  PERFORM pg_advisory_xact_lock(1279607879, p_log);

  -- 2. head comes from the index: no counter row, so nothing to bloat.  It cannot lie before what anybody has read, so
  --    older partitions are not opened; if it does, a standby took over without the tail, or a backup was restored.
  SELECT coalesce(min(x), 0), coalesce(max(x), 0) INTO v_from, v_seen FROM unnest(s_seen) x;
  SELECT e.position, e.recorded_at INTO head, at
    FROM ledger.events e WHERE e.log_id = p_log AND e.position >= v_seen ORDER BY e.position DESC LIMIT 1;
  IF head IS NULL AND v_seen > 0 THEN
    RAISE EXCEPTION 'the log ends before position %, which the gateway has read', v_seen USING ERRCODE = 'LG007';
  END IF;
  head := coalesce(head, 0);
  at   := greatest(at, clock_timestamp());
  outcomes   := array_fill('a'::"char", ARRAY[cardinality(c_id)]);
  refused_at := array_fill(0, ARRAY[cardinality(c_id)]);

  -- 3. expected / seen: "this stream had `expected` events when I had read the log up to `seen`".  Refused when its next
  --    version exists further on.  Only partitions beyond the oldest `seen` are opened; a gateway alone on its log has
  --    seen everything and probes nothing.
  IF v_from < head THEN
    FOR v_rec IN
      SELECT s.cmd, s.stream, s.expected, s.i
        FROM unnest(s_cmd, s_stream, s_expected, s_seen) WITH ORDINALITY AS s(cmd, stream, expected, seen, i)
       CROSS JOIN LATERAL (SELECT 1 FROM ledger.events e      -- LATERAL + LIMIT: one index probe per part, always
                            WHERE e.stream_id = s.stream AND e.version = s.expected + 1 AND e.log_id = p_log
                              AND e.position > v_from AND e.position <= head LIMIT 1) d
       WHERE s.seen < head
    LOOP
      v_bad := true;
      IF outcomes[v_rec.cmd] = 'a' OR outcomes[v_rec.cmd] = 'v' THEN
        -- one part that holds the command proves that it was applied, whatever the other parts say
        IF EXISTS (SELECT 1 FROM ledger.events e
                    WHERE e.stream_id = v_rec.stream AND e.command_id = c_id[v_rec.cmd] AND e.log_id = p_log
                      AND e.version > v_rec.expected AND e.position > v_from AND e.position <= head) THEN
          outcomes[v_rec.cmd] := 'd'; refused_at[v_rec.cmd] := v_rec.i;
        ELSIF outcomes[v_rec.cmd] = 'a' THEN
          outcomes[v_rec.cmd] := 'v'; refused_at[v_rec.cmd] := v_rec.i;
        END IF;
      END IF;
    END LOOP;
  END IF;

  -- 4. unique values; one that the same command takes from another of its own streams is free
  IF cardinality(r_part) > 0 THEN
    FOR v_rec IN
      SELECT s_cmd[r.part] AS cmd, r.i
        FROM unnest(r_part, r_add, r_ns, r_key) WITH ORDINALITY AS r(part, adding, ns, key, i)
       CROSS JOIN LATERAL (SELECT 1 FROM ledger.reservations x
              WHERE x.namespace = r.ns AND x.key_hash = r.key AND x.stream_id <> s_stream[r.part]
                AND NOT EXISTS (SELECT 1 FROM unnest(r_part, r_add, r_ns, r_key) AS g(part, adding, ns, key)
                                 WHERE NOT g.adding AND g.ns = r.ns AND g.key = r.key
                                   AND s_cmd[g.part] = s_cmd[r.part] AND s_stream[g.part] = x.stream_id)
              LIMIT 1) d
       WHERE r.adding
    LOOP
      v_bad := true;
      IF outcomes[v_rec.cmd] = 'a' THEN outcomes[v_rec.cmd] := 'u'; refused_at[v_rec.cmd] := v_rec.i; END IF;
    END LOOP;
  END IF;

  -- 5. quotas, command by command in the order of arrival; in each the limits first, then the places.  A command gets
  --    all that it asks for or changes nothing, so it is reckoned in memory and written at the end.
  IF cardinality(q_cmd) + cardinality(m_cmd) > 0 THEN
    SELECT array_agg(o.owner), array_agg(k.owner_id IS NOT NULL), array_agg(coalesce(k.used, 0)), array_agg(k.maximum)
      INTO v_owner, v_known, v_used, v_max
      FROM (SELECT DISTINCT x AS owner FROM unnest(q_owner || m_owner) x) o
      LEFT JOIN ledger.quotas k ON k.log_id = p_log AND k.owner_id = o.owner;
    FOR v_rec IN
      SELECT b.cmd, array_agg(b.owner ORDER BY b.sets DESC, b.i) AS owner,
             array_agg(b.delta ORDER BY b.sets DESC, b.i) AS delta,
             array_agg(b.maximum ORDER BY b.sets DESC, b.i) AS maximum, array_agg(b.sets ORDER BY b.sets DESC, b.i) AS sets,
             array_agg(b.i ORDER BY b.sets DESC, b.i) AS i
        FROM (SELECT m.cmd, m.owner, 0 AS delta, m.maximum, true AS sets, m.i
                FROM unnest(m_cmd, m_owner, m_maximum) WITH ORDINALITY AS m(cmd, owner, maximum, i)
               UNION ALL
              SELECT q.cmd, q.owner, q.delta, NULL, false, q.i
                FROM unnest(q_cmd, q_owner, q_delta) WITH ORDINALITY AS q(cmd, owner, delta, i)) b
       GROUP BY b.cmd ORDER BY b.cmd
    LOOP
      CONTINUE WHEN outcomes[v_rec.cmd] <> 'a';
      IF cardinality(v_rec.owner) > 1 THEN
        v_known_before := v_known; v_used_before := v_used; v_max_before := v_max;
      END IF;
      FOR j IN 1..cardinality(v_rec.owner) LOOP
        v_k := array_position(v_owner, v_rec.owner[j]);
        IF v_rec.sets[j] THEN
          v_fits := v_rec.maximum[j] IS NULL OR v_used[v_k] <= v_rec.maximum[j];
        ELSE
          v_fits := v_rec.delta[j] <= 0
            OR (v_known[v_k] AND (v_max[v_k] IS NULL OR v_used[v_k] + v_rec.delta[j] <= v_max[v_k]));
        END IF;
        IF NOT v_fits THEN
          v_bad := true; outcomes[v_rec.cmd] := 'q'; refused_at[v_rec.cmd] := v_rec.i[j];
          IF j > 1 THEN v_known := v_known_before; v_used := v_used_before; v_max := v_max_before; END IF;
          EXIT;
        END IF;
        IF v_rec.sets[j] THEN
          v_known[v_k] := true; v_max[v_k] := v_rec.maximum[j];
        ELSE
          v_used[v_k] := greatest(0, v_used[v_k] + v_rec.delta[j]);
        END IF;
      END LOOP;
    END LOOP;
    INSERT INTO ledger.quotas AS k (log_id, owner_id, used, maximum)
    SELECT p_log, n.owner, n.used, n.maximum FROM unnest(v_owner, v_known, v_used, v_max) AS n(owner, known, used, maximum)
     WHERE n.known
    ON CONFLICT (log_id, owner_id) DO UPDATE SET used = excluded.used, maximum = excluded.maximum
     WHERE k.used <> excluded.used OR k.maximum IS DISTINCT FROM excluded.maximum;
  END IF;

  -- 6. one heap row and two index entries per event; nothing else is written for it
  IF NOT v_bad THEN
    INSERT INTO ledger.events (position, recorded_at, stream_id, command_id, version, log_id,
                               event_type, meta, data, secret, secret_hash)
    SELECT head + e.i, at, s_stream[e.part], c_id[s_cmd[e.part]], e.version, p_log,
           e.type, e.meta, e.data, e.secret, e.secret_hash
      FROM unnest(e_part, e_version, e_type, e_meta, e_data, e_secret, e_secret_hash)
           WITH ORDINALITY AS e(part, version, type, meta, data, secret, secret_hash, i);
  ELSE
    -- the same without the refused ones; numbering anew sorts, which the usual case above does not pay for
    INSERT INTO ledger.events (position, recorded_at, stream_id, command_id, version, log_id,
                               event_type, meta, data, secret, secret_hash)
    SELECT head + row_number() OVER (ORDER BY e.i), at, s_stream[e.part], c_id[s_cmd[e.part]], e.version, p_log,
           e.type, e.meta, e.data, e.secret, e.secret_hash
      FROM unnest(e_part, e_version, e_type, e_meta, e_data, e_secret, e_secret_hash)
           WITH ORDINALITY AS e(part, version, type, meta, data, secret, secret_hash, i)
     WHERE outcomes[s_cmd[e.part]] = 'a';
  END IF;
  GET DIAGNOSTICS appended = ROW_COUNT;

  -- 7. data keys of new streams (never under a retired epoch), and keys destroyed by erasure
  IF EXISTS (SELECT 1 FROM unnest(s_wrapped) w WHERE w IS NOT NULL) THEN
    IF EXISTS (SELECT 1 FROM unnest(s_cmd, s_epoch, s_wrapped) AS s(cmd, epoch, wrapped)
                WHERE s.wrapped IS NOT NULL AND outcomes[s.cmd] = 'a'
                  AND NOT EXISTS (SELECT 1 FROM ledger.epochs k WHERE k.epoch = s.epoch AND k.retired_at IS NULL)) THEN
      RAISE EXCEPTION 'unknown or retired key epoch' USING ERRCODE = 'LG006';
    END IF;
    INSERT INTO ledger.subject_keys (log_id, stream_id, epoch, wrapped)
    SELECT p_log, s.stream, s.epoch, s.wrapped
      FROM unnest(s_cmd, s_stream, s_epoch, s_wrapped) AS s(cmd, stream, epoch, wrapped)
     WHERE s.wrapped IS NOT NULL AND outcomes[s.cmd] = 'a';
  END IF;
  IF true = ANY (s_destroy) THEN
    UPDATE ledger.subject_keys k SET wrapped = NULL, destroyed_at = at
      FROM unnest(s_cmd, s_stream, s_destroy) AS s(cmd, stream, destroy)
     WHERE s.destroy AND outcomes[s.cmd] = 'a' AND k.log_id = p_log AND k.stream_id = s.stream AND k.wrapped IS NOT NULL;
  END IF;

  -- 8. unique values given up and taken; one that another log took since step 4 undoes the batch
  IF cardinality(r_part) > 0 THEN
    DELETE FROM ledger.reservations x
     USING unnest(r_part, r_add, r_ns, r_key) AS r(part, adding, ns, key)
     WHERE NOT r.adding AND outcomes[s_cmd[r.part]] = 'a'
       AND x.namespace = r.ns AND x.key_hash = r.key AND x.stream_id = s_stream[r.part];
    INSERT INTO ledger.reservations AS x (namespace, log_id, key_hash, stream_id, position)
    SELECT r.ns, p_log, r.key, s_stream[r.part], head + 1
      FROM unnest(r_part, r_add, r_ns, r_key) AS r(part, adding, ns, key)
     WHERE r.adding AND outcomes[s_cmd[r.part]] = 'a'
    ON CONFLICT (namespace, key_hash) DO UPDATE SET position = x.position WHERE x.stream_id = excluded.stream_id;
    GET DIAGNOSTICS v_n = ROW_COUNT;
    IF v_n <> (SELECT count(*) FROM unnest(r_part, r_add) AS r(part, adding)
                WHERE r.adding AND outcomes[s_cmd[r.part]] = 'a') THEN
      RAISE EXCEPTION 'a unique value was taken twice' USING ERRCODE = 'LG005';
    END IF;
  END IF;

  IF NOT v_bad THEN outcomes := NULL; refused_at := NULL; END IF;
  IF p_notify AND appended > 0 THEN
    PERFORM pg_notify('ledger', p_log || ':' || (head + appended));
  END IF;
END $$;

RESET ROLE;
