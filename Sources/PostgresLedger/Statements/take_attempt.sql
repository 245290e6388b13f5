-- A token bucket in one row: window_ends is when it is full again, each attempt moves that on by $2 seconds.
WITH taken AS (
  INSERT INTO ledger.attempts AS a (key_hash, used, window_ends)
  VALUES ($1, 1, clock_timestamp() + $2 * interval '1 second')
  ON CONFLICT (key_hash) DO UPDATE SET
    used = CASE WHEN a.window_ends <= clock_timestamp() THEN 1 ELSE a.used + 1 END,
    window_ends = greatest(a.window_ends, clock_timestamp()) + $2 * interval '1 second'
    WHERE a.window_ends <= clock_timestamp() + ($3 - 1) * $2 * interval '1 second'
  RETURNING 1
)
SELECT CASE WHEN EXISTS (SELECT FROM taken) THEN NULL
       ELSE greatest(1, ceil(coalesce(
         (SELECT extract(epoch FROM w.window_ends - clock_timestamp()) - ($3 - 1) * $2
            FROM ledger.attempts w WHERE w.key_hash = $1), $2)))::int4 END
