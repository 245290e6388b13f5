SELECT number, name, checksum FROM ledger.migrations ORDER BY number
