-- A table as the read model's, with its keys and indexes, to upsert the same rows into.
DROP TABLE IF EXISTS bench.upserted;
DROP TABLE IF EXISTS bench.rows;
CREATE TABLE bench.rows AS
SELECT row_number() OVER (ORDER BY a.created_position) AS number, a.* FROM rm.accounts_{version} a;
ALTER TABLE bench.rows ADD PRIMARY KEY (number);
CREATE TABLE bench.upserted (LIKE rm.accounts_{version} INCLUDING ALL) WITH (fillfactor = 50);
ANALYZE bench.rows;
