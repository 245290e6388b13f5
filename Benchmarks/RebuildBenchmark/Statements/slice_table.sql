-- A table as the read model's, with its keys and indexes, which SQL alone keeps; its views are neither sealed nor text,
-- so that the next slice can be merged into them.
DROP TABLE IF EXISTS bench.sliced;
CREATE TABLE bench.sliced (LIKE rm.accounts_{version} INCLUDING ALL) WITH (fillfactor = 50);
ALTER TABLE bench.sliced
  ALTER COLUMN activated DROP NOT NULL, ALTER COLUMN view TYPE jsonb USING NULL;
