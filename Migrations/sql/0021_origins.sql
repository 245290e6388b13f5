-- A log that was set back behind a published checkpoint goes on under another name, and keeps its rows.

SET LOCAL ROLE ledger_owner;

-- Gives the log its next name: the present one with /2 behind it, or with a larger number.
--
-- The event that names what was given up stands already; without it nothing is renamed. A second call with the same
-- names does nothing, so that two gateways that start at once both go on.
CREATE FUNCTION ledger.open_origin(p_log int2, p_old text, p_new text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now text;
  v_name text := regexp_replace(p_old, '/([2-9]|[1-9][0-9]{1,8})$', '');
  v_old int4 := coalesce(substring(p_old FROM '/([2-9]|[1-9][0-9]{1,8})$')::int4, 1);
  v_new int4 := substring(p_new FROM '/([2-9]|[1-9][0-9]{1,8})$')::int4;
BEGIN
  IF p_new IS NULL OR v_new IS NULL OR v_new <= v_old OR p_new <> v_name || '/' || v_new THEN
    RAISE EXCEPTION 'the name that follows % is another one', p_old USING ERRCODE = 'LG003';
  END IF;
  SELECT l.origin INTO v_now FROM ledger.logs l WHERE l.log_id = p_log FOR UPDATE;
  IF v_now = p_new THEN RETURN; END IF;
  IF v_now IS DISTINCT FROM p_old THEN
    RAISE EXCEPTION 'the log has another name' USING ERRCODE = 'LG003';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM (SELECT e.event_type FROM ledger.events e WHERE e.log_id = p_log
                                 ORDER BY e.position DESC LIMIT 1000) x
                  WHERE x.event_type ~ '^origin\.opened\.v[0-9]+$') THEN
    RAISE EXCEPTION 'no event says why the log shall have another name' USING ERRCODE = 'LG003';
  END IF;
  UPDATE ledger.logs SET origin = p_new WHERE log_id = p_log;
END $$;

GRANT EXECUTE ON FUNCTION ledger.open_origin(int2, text, text) TO ledger_gateway;

RESET ROLE;
