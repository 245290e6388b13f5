INSERT INTO ledger.epochs (epoch, check_value) VALUES ($1, $2) ON CONFLICT (epoch) DO NOTHING
