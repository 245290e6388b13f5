INSERT INTO ledger.epochs (epoch, check_value, opened_at, retired_at) VALUES ($1, $2, $3, $4)
