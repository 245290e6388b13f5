SET LOCAL ROLE ledger_owner;
INSERT INTO ledger.migrations (number, name, checksum) VALUES ({number}, '{name}', '\x{checksum}');
RESET ROLE;
