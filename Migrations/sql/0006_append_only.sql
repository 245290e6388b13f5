-- What the log refuses, whoever asks, its owner included. One change passes: the box of an erased stream is purged.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'ledger.% is append-only', TG_TABLE_NAME USING ERRCODE = 'LG001';
END $$;

CREATE FUNCTION ledger.purge_only() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old ledger.events := OLD;
BEGIN
  v_old.secret := NULL;
  -- *= compares the stored bytes, so that nothing that merely counts as equal can take the place of what was there
  IF OLD.secret IS NOT NULL AND NEW *= v_old
     AND EXISTS (SELECT 1 FROM ledger.subject_keys k
                  WHERE k.log_id = OLD.log_id AND k.stream_id = OLD.stream_id AND k.destroyed_at IS NOT NULL) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'ledger.% is append-only', TG_TABLE_NAME USING ERRCODE = 'LG001';
END $$;

CREATE TRIGGER no_delete   BEFORE DELETE   ON ledger.events FOR EACH ROW       EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER purge_only  BEFORE UPDATE   ON ledger.events FOR EACH ROW       EXECUTE FUNCTION ledger.purge_only();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger.events FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

-- ALWAYS: session_replication_role = replica would otherwise switch them off.
ALTER TABLE ledger.events
  ENABLE ALWAYS TRIGGER no_delete, ENABLE ALWAYS TRIGGER purge_only, ENABLE ALWAYS TRIGGER no_truncate;

RESET ROLE;
