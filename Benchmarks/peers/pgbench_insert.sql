-- One event, one row, one transaction: what a service without batching would do at best.
INSERT INTO events (stream, version, type, payload) VALUES (gen_random_uuid(), 1, 'backup.replaced', :payload);
