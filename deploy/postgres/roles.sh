#!/bin/bash
# The roles of the service, made once when the compose file's PostgreSQL makes its cluster.
#
# The group roles hold the rights, which the migrations grant; the users that log in are members of them.
set -euo pipefail

# Read by psql itself, so that no password stands on a command line.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname ledger <<'SQL'
\set owner_password `cat /run/secrets/owner_password`
\set gateway_password `cat /run/secrets/gateway_password`
\set projector_password `cat /run/secrets/projector_password`
SET log_statement = 'none';
CREATE ROLE ledger_owner NOLOGIN;
CREATE ROLE ledger_gateway NOLOGIN;
CREATE ROLE ledger_projector NOLOGIN;
CREATE ROLE ledger_reader NOLOGIN;
CREATE ROLE owner LOGIN PASSWORD :'owner_password' IN ROLE ledger_owner, ledger_projector;
CREATE ROLE gateway LOGIN PASSWORD :'gateway_password' IN ROLE ledger_gateway;
CREATE ROLE projector LOGIN PASSWORD :'projector_password' IN ROLE ledger_projector;
REVOKE ALL ON DATABASE ledger FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE ledger TO ledger_owner, ledger_gateway, ledger_projector, ledger_reader;
GRANT CREATE ON DATABASE ledger TO ledger_owner;
SQL
