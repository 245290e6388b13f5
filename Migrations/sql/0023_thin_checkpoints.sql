-- Checkpoints of long ago are thinned out: under load two are signed in a second or so, and each is looked at by verify.

SET LOCAL ROLE ledger_owner;

-- Takes away the checkpoints older than a day that are not the last of their hour; answers how many, at most p_limit.
--
-- Nothing is lost with one of them: the tree of its size can be computed for ever, and those that stay were signed over
-- it. The newest stays, and the last of each hour under each name that the log had.
CREATE FUNCTION ledger.thin_checkpoints(p_log int2, p_limit int4 DEFAULT 10000) RETURNS int4 LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_taken int4;
BEGIN
  DELETE FROM ledger.checkpoints c
   USING (SELECT k.tree_size
            FROM (SELECT x.tree_size, x.signed_at, date_trunc('hour', x.signed_at, 'UTC') AS hour,
                         split_part(x.note, E'\n', 1) AS origin,
                         lead(date_trunc('hour', x.signed_at, 'UTC')) OVER w AS next_hour,
                         lead(split_part(x.note, E'\n', 1)) OVER w AS next_origin
                    FROM ledger.checkpoints x WHERE x.log_id = p_log WINDOW w AS (ORDER BY x.tree_size)) k
           WHERE k.signed_at < now() - interval '1 day' AND k.next_hour = k.hour AND k.next_origin = k.origin
           ORDER BY k.tree_size LIMIT p_limit) d
   WHERE c.log_id = p_log AND c.tree_size = d.tree_size;
  GET DIAGNOSTICS v_taken = ROW_COUNT;
  RETURN v_taken;
END $$;

GRANT EXECUTE ON FUNCTION ledger.thin_checkpoints(int2, int4) TO ledger_gateway;

RESET ROLE;
