#!/usr/bin/env bash
# The session of the m-ld Gateway's documentation with curl: a code by mail, a key, how remotes authenticate.
#
#   LEDGER_URL=http://127.0.0.1:8080 LEDGER_HOME=.ledger examples/mld-session.sh [account] [address]
set -euo pipefail

gateway=${LEDGER_URL:-http://127.0.0.1:8080}
home=${LEDGER_HOME:-.ledger}
outbox=${LEDGER_OUTBOX:-$home/outbox}
account=${1:-alice}
address=${2:-$account@example.org}

known=$(find "$outbox" -name '*.eml' 2>/dev/null | sort || true)

# 1. Ask for a code, which is mailed to the address.
jwe=$(curl -fsS -X POST "$gateway/api/v1/user/$account/activation" \
  -H 'Content-Type: application/json' -d "{\"email\":\"$address\"}" | sed 's/.*"jwe":"\([^"]*\)".*/\1/')

# 2. Read it in the mail. Without a mail server the service writes mails to a directory.
code=
for _ in $(seq 300); do
  new=$(comm -13 <(printf '%s\n' "$known") <(find "$outbox" -name '*.eml' 2>/dev/null | sort) || true)
  mail=$([ -z "$new" ] || printf '%s\n' "$new" | xargs -d '\n' grep -l "$address" | head -n 1 || true)
  if [ -n "$mail" ]; then code=$(grep -oE '(^|[^0-9])[0-9]{6}($|[^0-9])' "$mail" | tr -dc '0-9\n' | tail -n 1); break; fi
  sleep 0.1
done
[ -n "$code" ] || { echo "no mail came" >&2; exit 1; }

# 3. Redeem it for a key. This is the only answer that shows the key.
key=$(curl -fsS -X POST "$gateway/api/v1/user/$account/key" \
  -H "Authorization: Bearer $jwe" -H "X-Activation-Code: $code" | sed 's/.*"key":"\([^"]*\)".*/\1/')
echo "key of $account: ${key%%:*}:…"

# 4. Choose how remotes authenticate to the account's domains.
curl -fsS -X PATCH "$gateway/api/v1/user/$account" -u "$account:$key" \
  -H 'Content-Type: application/json' -d '{"@insert":{"remotesAuth":"jwt"}}'
curl -fsS "$gateway/api/v1/user/$account" -u "$account:$key"
echo

# 5. A further key, as the account itself; and a first key of another account, as root.
curl -fsS -o /dev/null -X POST "$gateway/api/v1/user/$account/key?type=rsa" -u "$account:$key"
if [ -r "$home/keys/root.key" ]; then
  root=$(cat "$home/keys/root.key")
  name=$(printf '%s' "${root%%.*}" | tr '[:upper:]' '[:lower:]')
  curl -fsS -o /dev/null -X POST "$gateway/api/v1/user/$account-service/key" -u "$name:$root"
  echo "root made $account-service"
fi
