-- Who may do what. Nothing is granted that is not written here.

-- The database belongs to whoever made it, so this part speaks as the migrating user.
DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO ledger_owner, ledger_gateway, ledger_projector, ledger_reader',
                 current_database());
  -- a REVOKE without the right to it is only a warning
  IF EXISTS (SELECT 1 FROM pg_database d
              CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
              WHERE d.datname = current_database() AND a.grantee = 0)
     OR NOT has_database_privilege('ledger_gateway', current_database(), 'CONNECT') THEN
    RAISE insufficient_privilege;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE EXCEPTION '% may not say who connects to database %', current_user, current_database()
    USING ERRCODE = 'insufficient_privilege',
          HINT = format('As a superuser run: ALTER DATABASE %I OWNER TO %I;', current_database(), current_user);
END $$;

SET LOCAL ROLE ledger_owner;

REVOKE ALL ON SCHEMA ledger FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO ledger_gateway, ledger_projector, ledger_reader;

-- The gateway reads everything and writes the log through functions alone.
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO ledger_gateway;
GRANT INSERT ON ledger.tiles, ledger.checkpoints, ledger.blobs TO ledger_gateway;
GRANT INSERT, UPDATE, DELETE ON ledger.attempts TO ledger_gateway;
GRANT INSERT, UPDATE (state, finished_at) ON ledger.rebuilds TO ledger_gateway;      -- asked for and cancelled over HTTP
GRANT UPDATE (retry_at) ON ledger.parked TO ledger_gateway;
GRANT EXECUTE ON FUNCTION
  ledger.append_batch(int2, timestamptz, uuid[], int4[], uuid[], int4[], int8[], int4[], bytea[], bool[],
    int4[], int4[], text[], bytea[], bytea[], bytea[], bytea[], int4[], bool[], int2[], bytea[],
    int4[], uuid[], int4[], int4[], uuid[], int4[], bool),
  ledger.add_partition(int8, int8), ledger.ensure_partitions(int2, int8, int4), ledger.settle_partition(int8),
  ledger.purge(int2, uuid, int4), ledger.rewrap(int2, int4, uuid[], bytea[], bytea[])
  TO ledger_gateway;

-- The projector reads the log and the keys, and keeps its own books.
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO ledger_projector;
GRANT INSERT, UPDATE, DELETE ON ledger.projections, ledger.lanes, ledger.parked, ledger.rebuilds, ledger.outbox
  TO ledger_projector;

-- The reader sees the log and how far the read models are; no keys, no reservations, no counters of attempts.
GRANT SELECT (log_id, origin, opened_at) ON ledger.logs TO ledger_reader;
GRANT SELECT ON ledger.events, ledger.readable_events, ledger.blobs, ledger.tiles, ledger.checkpoints,
  ledger.quotas, ledger.projections, ledger.lanes, ledger.parked, ledger.rebuilds TO ledger_reader;

GRANT EXECUTE ON FUNCTION ledger.leaf(ledger.events), ledger.leaf_hash(ledger.events), ledger.node_hash(bytea, bytea),
  ledger.position_at(int2, timestamptz) TO ledger_gateway, ledger_projector, ledger_reader;

-- Whoever makes a table of a read model does so as ledger_projector (SET ROLE), or these do not hold for it.
SET LOCAL ROLE ledger_projector;
GRANT USAGE ON SCHEMA rm TO ledger_gateway, ledger_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA rm GRANT SELECT ON TABLES TO ledger_gateway, ledger_reader;

RESET ROLE;
