-- What witnesses say of checkpoints: signature lines below the note, which itself stays as it was signed.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.cosignatures (
  log_id    int2        NOT NULL,
  tree_size int8        NOT NULL,
  witness   text        NOT NULL,             -- the key's name and id, <name>+<id in hex>
  line      text        NOT NULL,             -- as it stands below the note, without its line end
  given_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (log_id, tree_size, witness),
  -- a checkpoint that is thinned out takes them along
  FOREIGN KEY (log_id, tree_size) REFERENCES ledger.checkpoints ON DELETE CASCADE
);

GRANT SELECT, INSERT ON ledger.cosignatures TO ledger_gateway;
GRANT SELECT ON ledger.cosignatures TO ledger_reader;

RESET ROLE;
