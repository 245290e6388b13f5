-- For people with psql, and for time travel.

SET LOCAL ROLE ledger_owner;

-- The last position recorded at or before p_time, 0 when the log began later.
--
-- recorded_at never decreases along position, so a binary search over the primary key finds it without an index of its own.
CREATE FUNCTION ledger.position_at(p_log int2, p_time timestamptz) RETURNS int8 LANGUAGE plpgsql
STABLE STRICT SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_low int8 := 0;                            -- recorded in time
  v_high int8;                                -- recorded too late, or beyond the head
  v_middle int8; v_at timestamptz;
BEGIN
  SELECT e.position, e.recorded_at INTO v_high, v_at
    FROM ledger.events e WHERE e.log_id = p_log ORDER BY e.position DESC LIMIT 1;
  IF v_high IS NULL OR v_at <= p_time THEN RETURN coalesce(v_high, 0); END IF;
  WHILE v_high - v_low > 1 LOOP
    v_middle := v_low + (v_high - v_low) / 2;
    SELECT e.recorded_at INTO STRICT v_at FROM ledger.events e WHERE e.log_id = p_log AND e.position = v_middle;
    IF v_at <= p_time THEN v_low := v_middle; ELSE v_high := v_middle; END IF;
  END LOOP;
  RETURN v_low;
END $$;

-- The log with its JSON decoded. Boxes stay closed: of them it tells size and hash.
CREATE VIEW ledger.readable_events AS
SELECT e.log_id, e.position, e.recorded_at, e.stream_id, e.version, e.event_type,
       convert_from(e.data, 'UTF8')::jsonb AS data,
       convert_from(e.meta, 'UTF8')::jsonb AS meta,
       e.command_id,
       octet_length(e.secret) AS secret_length,
       encode(e.secret_hash, 'hex') AS secret_hash,
       e.secret IS NULL AND e.secret_hash IS NOT NULL AS purged
  FROM ledger.events e;

RESET ROLE;
