-- Whether anything of a log stands in this database.
SELECT EXISTS (SELECT 1 FROM ledger.logs) OR EXISTS (SELECT 1 FROM ledger.events)
    OR EXISTS (SELECT 1 FROM ledger.subject_keys) OR EXISTS (SELECT 1 FROM ledger.reservations)
    OR EXISTS (SELECT 1 FROM ledger.blobs) OR EXISTS (SELECT 1 FROM ledger.epochs)
