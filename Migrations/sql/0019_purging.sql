-- Erasure in the background: which streams are still to be purged, blobs that no event names, and room given back.

SET LOCAL ROLE ledger_owner;

-- When the last box and blob of an erased stream was gone. The index holds only those of which something may be left.
ALTER TABLE ledger.subject_keys ADD COLUMN purged_at timestamptz;
CREATE INDEX subject_keys_unpurged ON ledger.subject_keys (log_id, stream_id)
  WHERE destroyed_at IS NOT NULL AND purged_at IS NULL;

-- Whether an event was found that names the blob; once there is one there always is.
ALTER TABLE ledger.blobs ADD COLUMN is_named bool NOT NULL DEFAULT false;
CREATE INDEX blobs_unnamed ON ledger.blobs (log_id, stored_at) WHERE NOT is_named;

-- Takes an erased stream's boxes and blobs away; answers how many, at most p_limit. Call it until it answers 0.
--
-- Accounts are erased; identities, Spaces and whatever else has a stream of its own end. The leaf holds the hash of the
-- box and not the box, so proofs stay valid.
CREATE OR REPLACE FUNCTION ledger.purge(p_log int2, p_stream uuid, p_limit int4 DEFAULT 1000) RETURNS int4
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_boxes int4; v_blobs int4;
BEGIN
  -- the row's lock makes a second purger wait, who would find boxes that are gone when he comes to them
  PERFORM 1 FROM ledger.subject_keys k
    WHERE k.log_id = p_log AND k.stream_id = p_stream AND k.destroyed_at IS NOT NULL FOR NO KEY UPDATE;
  IF NOT FOUND OR NOT EXISTS (SELECT 1 FROM ledger.events e
                               WHERE e.log_id = p_log AND e.stream_id = p_stream
                                 AND e.event_type ~ '^[a-z_]+\.(erased|ended)\.v[0-9]+$') THEN
    RAISE EXCEPTION 'stream % is not erased', p_stream USING ERRCODE = 'LG008';
  END IF;
  UPDATE ledger.events e SET secret = NULL
    FROM (SELECT x.position FROM ledger.events x
           WHERE x.log_id = p_log AND x.stream_id = p_stream AND x.secret IS NOT NULL LIMIT p_limit) d
   WHERE e.log_id = p_log AND e.position = d.position AND e.secret IS NOT NULL;
  GET DIAGNOSTICS v_boxes = ROW_COUNT;
  -- a blob may have megabytes where a box has kilobytes
  DELETE FROM ledger.blobs b
   WHERE b.log_id = p_log AND b.stream_id = p_stream
     AND b.hash IN (SELECT x.hash FROM ledger.blobs x WHERE x.log_id = p_log AND x.stream_id = p_stream
                     LIMIT greatest(1, (p_limit - v_boxes) / 50));
  GET DIAGNOSTICS v_blobs = ROW_COUNT;
  IF v_boxes + v_blobs = 0 THEN
    UPDATE ledger.subject_keys k SET purged_at = clock_timestamp()
     WHERE k.log_id = p_log AND k.stream_id = p_stream AND k.purged_at IS NULL;
  END IF;
  RETURN v_boxes + v_blobs;
END $$;

-- Takes away blobs that were stored a day ago and that no event names: their command never came to be.
--
-- Looks at p_limit of them at most, and notes those that an event names, so that each is looked at once. Answers how many
-- it looked at and how many it took away; call it until it has looked at none.
CREATE FUNCTION ledger.collect_blobs(p_log int2, p_limit int4 DEFAULT 100, OUT looked int4, OUT taken int4)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_blob record;
BEGIN
  looked := 0;
  taken := 0;
  FOR v_blob IN
    SELECT b.stream_id, b.hash FROM ledger.blobs b
     WHERE b.log_id = p_log AND NOT b.is_named AND b.stored_at < now() - interval '1 day'
     ORDER BY b.stored_at LIMIT p_limit FOR UPDATE SKIP LOCKED
  LOOP
    looked := looked + 1;
    -- the hash stands in the event's canonical JSON as lower-case hexadecimal digits
    IF EXISTS (SELECT 1 FROM ledger.events e
                WHERE e.log_id = p_log AND e.stream_id = v_blob.stream_id
                  AND position(convert_to('"' || encode(v_blob.hash, 'hex') || '"', 'UTF8') IN e.data) > 0) THEN
      UPDATE ledger.blobs b SET is_named = true
       WHERE b.log_id = p_log AND b.stream_id = v_blob.stream_id AND b.hash = v_blob.hash;
    ELSE
      DELETE FROM ledger.blobs b
       WHERE b.log_id = p_log AND b.stream_id = v_blob.stream_id AND b.hash = v_blob.hash;
      taken := taken + 1;
    END IF;
  END LOOP;
END $$;

GRANT EXECUTE ON FUNCTION ledger.collect_blobs(int2, int4) TO ledger_gateway;

-- What a purge leaves behind is overwritten by VACUUM alone, which these bring about within a minute or so. The server's
-- defaults wait for a fifth of the table, which in a partition of millions never comes. It costs little: pages that
-- nothing happened to are passed over.
DO $$
DECLARE
  t regclass;
BEGIN
  FOR t IN SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = 'ledger.events'::regclass
           UNION ALL SELECT 'ledger.blobs'::regclass LOOP
    EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50,
                      toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 50)', t);
  END LOOP;
END $$;

-- As before, and with the same settings for the partitions to come.
CREATE OR REPLACE FUNCTION ledger.add_partition(p_from int8, p_to int8) RETURNS text LANGUAGE plpgsql
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
      WITH (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000000,
            autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50,
            toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 50)', t, p_from, p_to);
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

RESET ROLE;
