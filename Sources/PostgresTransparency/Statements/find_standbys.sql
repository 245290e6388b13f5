-- The head with a place behind it in the write-ahead log, and how much of that log each standby has on disk, in bytes.
--
-- A commit stands in the write-ahead log before any snapshot sees it, and the functions are called behind the snapshot:
-- so whoever has the log up to `written` has every event up to `head`. At the border of a page the insert position lies
-- behind the page's header of 24 bytes, which nobody has on disk before the next record; no record ends within it.
--
-- A user without pg_read_all_stats sees that a standby is connected, and nothing else of it.
WITH log AS MATERIALIZED (
  SELECT coalesce((SELECT e.position FROM ledger.events e WHERE e.log_id = $1 ORDER BY e.position DESC LIMIT 1), 0) AS head,
         (pg_current_wal_insert_lsn() - '0/0')::int8 AS at
)
SELECT s.name, l.head,
       l.at - CASE WHEN l.at % current_setting('wal_block_size')::int8 = 24 THEN 24 ELSE 0 END AS written,
       r.connections > 0 AS is_connected, coalesce(r.is_visible, false) AS is_visible, r.flushed
  FROM unnest($2) WITH ORDINALITY s(name, i)
 CROSS JOIN log l
 CROSS JOIN LATERAL (
   SELECT count(*) AS connections, bool_and(x.state IS NOT NULL) AS is_visible,
          CASE WHEN bool_and(x.flush_lsn IS NOT NULL) THEN (min(x.flush_lsn) - '0/0')::int8 END AS flushed
     FROM pg_stat_replication x WHERE x.application_name = s.name) r
 ORDER BY s.i
