-- The four group roles, and the two schemas.
--
-- Roles belong to the whole cluster, not to one database, so they may stand already: another ledger made them, or a
-- database administrator did. Users that log in are made by whoever deploys and are made members of one of these:
--
--   ledger_owner      owns schema ledger; migrates and restores
--   ledger_gateway    reads all, appends through append_batch alone
--   ledger_projector  owns schema rm (the read models) and moves the checkpoints of the lanes
--   ledger_reader     reads the log and the read models

DO $$
DECLARE
  v_role text;
  v_everything constant text :=
    'CREATE ROLE ledger_owner NOLOGIN; CREATE ROLE ledger_gateway NOLOGIN; CREATE ROLE ledger_projector NOLOGIN; '
    'CREATE ROLE ledger_reader NOLOGIN; GRANT ledger_owner, ledger_projector TO %I;';
BEGIN
  FOREACH v_role IN ARRAY ARRAY['ledger_owner', 'ledger_gateway', 'ledger_projector', 'ledger_reader'] LOOP
    CONTINUE WHEN EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = v_role);
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
    EXCEPTION
      -- another database of this cluster is being migrated at the same moment
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'role % does not exist, and % may not create roles', v_role, current_user
          USING ERRCODE = 'insufficient_privilege',
                HINT = 'As a superuser run: ' || format(v_everything, current_user);
    END;
  END LOOP;

  -- To own in the name of a role one must be able to become it. From 16 on, membership alone does not say so.
  FOREACH v_role IN ARRAY ARRAY['ledger_owner', 'ledger_projector'] LOOP
    CONTINUE WHEN pg_has_role(current_user, v_role,
      CASE WHEN current_setting('server_version_num')::int4 >= 160000 THEN 'SET' ELSE 'MEMBER' END);
    BEGIN
      EXECUTE format('GRANT %I TO %I', v_role, current_user);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE EXCEPTION '% is no member of role %', current_user, v_role
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'As a superuser run: ' || format('GRANT %I TO %I;', v_role, current_user);
    END;
  END LOOP;
END $$;

-- The migrator keeps its record in this schema, so the schema may stand already.
CREATE SCHEMA IF NOT EXISTS ledger;
ALTER SCHEMA ledger OWNER TO ledger_owner;
ALTER TABLE IF EXISTS ledger.migrations OWNER TO ledger_owner;

CREATE SCHEMA IF NOT EXISTS rm AUTHORIZATION ledger_projector;

-- Every later file works as ledger_owner. Were the migrating user a superuser and the owner, then each SECURITY
-- DEFINER function would run with all rights there are.
SET LOCAL ROLE ledger_owner;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
RESET ROLE;
