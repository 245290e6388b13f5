SELECT epoch, check_value, retired_at IS NOT NULL FROM ledger.epochs ORDER BY epoch
