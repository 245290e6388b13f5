-- What follows an erasure, and what makes it complete in backups: purge, rewrap, retire.

SET LOCAL ROLE ledger_owner;

-- Takes an erased stream's boxes and blobs away; answers how many boxes, at most p_limit. Call it until it answers 0.
--
-- The leaf holds the hash of the box and not the box, so proofs stay valid.
CREATE FUNCTION ledger.purge(p_log int2, p_stream uuid, p_limit int4 DEFAULT 1000) RETURNS int4 LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_boxes int4;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM ledger.subject_keys k
                  WHERE k.log_id = p_log AND k.stream_id = p_stream AND k.destroyed_at IS NOT NULL)
     OR NOT EXISTS (SELECT 1 FROM ledger.events e
                     WHERE e.log_id = p_log AND e.stream_id = p_stream AND e.event_type ~ '^account\.erased\.v[0-9]+$') THEN
    RAISE EXCEPTION 'stream % is not erased', p_stream USING ERRCODE = 'LG008';
  END IF;
  DELETE FROM ledger.blobs b WHERE b.log_id = p_log AND b.stream_id = p_stream;
  UPDATE ledger.events e SET secret = NULL
    FROM (SELECT x.position FROM ledger.events x
           WHERE x.log_id = p_log AND x.stream_id = p_stream AND x.secret IS NOT NULL LIMIT p_limit) d
   WHERE e.log_id = p_log AND e.position = d.position;
  GET DIAGNOSTICS v_boxes = ROW_COUNT;
  RETURN v_boxes;
END $$;

-- Puts keys under another epoch; answers how many. Those that changed meanwhile, or are in use, are left for later.
--
-- Rows are skipped rather than waited for, so that this never stands in the way of an append, nor in a deadlock with one.
CREATE FUNCTION ledger.rewrap(p_log int2, p_epoch int4, p_stream uuid[], p_old bytea[], p_new bytea[])
RETURNS int4 LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_keys int4;
BEGIN
  IF num_nulls(p_log, p_epoch, p_stream, p_old, p_new) > 0
     OR cardinality(p_stream) <> ANY (ARRAY[cardinality(p_old), cardinality(p_new)])
     OR array_position(p_new, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'malformed batch of keys' USING ERRCODE = 'LG003';
  END IF;
  -- FOR SHARE holds off retire_epoch until this commits
  PERFORM 1 FROM ledger.epochs e WHERE e.epoch = p_epoch AND e.retired_at IS NULL FOR SHARE;
  IF NOT FOUND THEN RAISE EXCEPTION 'unknown or retired key epoch' USING ERRCODE = 'LG006'; END IF;
  UPDATE ledger.subject_keys k SET epoch = p_epoch, wrapped = d.new
    FROM (SELECT x.stream_id, n.new
            FROM unnest(p_stream, p_old, p_new) AS n(stream, old, new)
            JOIN ledger.subject_keys x ON x.log_id = p_log AND x.stream_id = n.stream AND x.wrapped = n.old
             FOR UPDATE OF x SKIP LOCKED) d
   WHERE k.log_id = p_log AND k.stream_id = d.stream_id;
  GET DIAGNOSTICS v_keys = ROW_COUNT;
  RETURN v_keys;
END $$;

-- Ends an epoch under which no living key is left. Only after its commit may the epoch's key be destroyed.
--
-- It takes the append lock of every log: an append that stores a key under this epoch comes before and is seen here,
-- or comes after and is refused.
CREATE FUNCTION ledger.retire_epoch(p_epoch int4) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'retire_epoch needs read committed' USING ERRCODE = 'LG002';
  END IF;
  PERFORM pg_advisory_xact_lock(1279607879, l.log_id) FROM (SELECT log_id FROM ledger.logs ORDER BY log_id) l;
  UPDATE ledger.epochs SET retired_at = coalesce(retired_at, clock_timestamp()) WHERE epoch = p_epoch;
  IF NOT FOUND THEN RAISE EXCEPTION 'unknown key epoch %', p_epoch USING ERRCODE = 'LG006'; END IF;
  IF EXISTS (SELECT 1 FROM ledger.subject_keys k WHERE k.epoch = p_epoch AND k.wrapped IS NOT NULL) THEN
    RAISE EXCEPTION 'living keys are still wrapped under epoch %', p_epoch USING ERRCODE = 'LG006';
  END IF;
END $$;

RESET ROLE;
