-- The Merkle tree over the log: leaves as functions of the row, full tiles, signed checkpoints.

SET LOCAL ROLE ledger_owner;

-- The leaf is a pure function of the row, so anyone with psql can recompute it.
-- Written as bodies, not as strings: their names are bound here and now, whatever search path the caller has.
CREATE FUNCTION ledger.leaf(e ledger.events) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN '\x01'::bytea
    || int8send(e.position)
    || int8send((extract(epoch FROM e.recorded_at) * 1000000)::int8)
    || uuid_send(e.stream_id) || uuid_send(e.command_id)
    || int4send(e.version)
    || int2send(octet_length(e.event_type)::int2) || convert_to(e.event_type, 'UTF8')
    || sha256(e.meta) || sha256(e.data)
    || CASE WHEN e.secret_hash IS NULL THEN '\x00'::bytea ELSE '\x01'::bytea || e.secret_hash END;

CREATE FUNCTION ledger.leaf_hash(e ledger.events) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256('\x00'::bytea || ledger.leaf(e));

CREATE FUNCTION ledger.node_hash(l bytea, r bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256('\x01'::bytea || l || r);

CREATE TABLE ledger.tiles (                   -- only full C2SP tiles; partial ones are computed from the rows below
  log_id int2  NOT NULL,
  level  int2  NOT NULL,
  idx    int8  NOT NULL,
  hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
  root   bytea NOT NULL CHECK (octet_length(root) = 32),
  PRIMARY KEY (log_id, level, idx)
);
ALTER TABLE ledger.tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;   -- hashes do not compress

CREATE TABLE ledger.checkpoints (
  log_id    int2        NOT NULL,
  tree_size int8        NOT NULL,
  root      bytea       NOT NULL CHECK (octet_length(root) = 32),
  note      text        NOT NULL,             -- signed note, byte for byte, cosignatures included
  signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (log_id, tree_size)
);

RESET ROLE;
