-- Every epoch with how many living and how many destroyed keys stand under it.
SELECT e.epoch, e.check_value, e.opened_at, e.retired_at, coalesce(k.living, 0), coalesce(k.destroyed, 0)
  FROM ledger.epochs e
  LEFT JOIN (SELECT s.epoch, count(s.wrapped) AS living, count(*) - count(s.wrapped) AS destroyed
               FROM ledger.subject_keys s WHERE s.log_id = $1 GROUP BY s.epoch) k ON k.epoch = e.epoch
 ORDER BY e.epoch
