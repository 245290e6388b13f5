#!/bin/bash
# The session of Misakey's public documentation with curl: its values, its paths, against this service.
#
#   examples/misakey-session.sh [URL [ROOT_KEY]]
#
# Without them the service is looked for where `account-ledger up` puts it: LEDGER_URL, and root's key in LEDGER_HOME.
set -euo pipefail
url=${1:-${LEDGER_URL:-http://127.0.0.1:8080}}
root=${2:-$(cat "${LEDGER_HOME:-.ledger}/keys/root.key")}

# call EXPECTED_STATUS METHOD PATH [CURL_OPTION…]: prints the body, and fails on another status.
call() {
    local expected=$1 method=$2 path=$3 answer status
    shift 3
    answer=$(curl --silent --show-error --request "$method" --write-out '\n%{http_code}' "$@" "$url$path")
    status=${answer##*$'\n'}
    if [[ $status != "$expected" ]]; then
        echo "$method $path: $status instead of $expected: ${answer%$'\n'*}" >&2
        exit 1
    fi
    printf '%s' "${answer%$'\n'*}"
}
json=(--header 'Content-Type: application/json' --data)
as_root=(--header "Authorization: Bearer $root")

# The documentation begins with somebody who is known already: an identity, and a token that says how strongly it was
# authenticated.
identity=$(call 201 POST /v1/identities "${as_root[@]}" \
    "${json[@]}" "{\"identifier\":\"session-$$-$RANDOM@example.org\"}" | jq -r .id)
token() {
    call 201 POST /v1/tokens "${as_root[@]}" "${json[@]}" "{\"identity_id\":\"$identity\",\"acr\":$1}" | jq -r .access_token
}
weak=$(token 1)

# "Create an account on an identity": earlier documentation, a bearer token.
old='{"params":{"memory":1024,"parallelism":1,"iterations":1,"salt_base_64":"Yydlc3QgdmFjaGVtZW50IHNhbMOpZSBjb21tZSBwaHJhc2UgZW5jb2TDqWUgZW4gYmFzZSA2NA=="},"hash_base_64":"Ym9uam91ciBmbG9yZW50IGNvbW1lbnQgdmFzLXR1IGVuIGNldHRlIGJlbGxlIGpvdXJuw6llID8h"}'
account=$(call 201 POST "/identities/$identity/account" --header "Authorization: Bearer $weak" \
    "${json[@]}" "{\"prehashed_password\":$old,\"backup_data\":\"ZXN0LWNlIHF1ZSBub3VzIHNhdXZlZ2FyZG9ucyA/\"}" | jq -r .id)

# "Get the account password parameters": public.
call 200 GET "/accounts/$account/pwd-params" | jq -e '.salt_base_64 | startswith("Yydlc3Qg")' >/dev/null

# "Get the account backup", "Update an account backup".
strong=$(token 2)
bearer=(--header "Authorization: Bearer $strong")
call 200 GET "/accounts/$account/backup" "${bearer[@]}" | jq -e '.version == 1' >/dev/null
call 204 PUT "/accounts/$account/backup" "${bearer[@]}" "${json[@]}" '{"data":"b3VpLCBlbmNvcmU=","version":2}'
call 409 PUT "/accounts/$account/backup" "${bearer[@]}" "${json[@]}" '{"data":"b3VpLCBlbmNvcmU=","version":2}' |
    jq -e '.code == "conflict" and .origin == "body" and .details == {"version":"conflict","expected_version":"3"}' >/dev/null

# Later documentation: the token in cookies, and a token against forged requests.
csrf=$(call 200 GET /csrf | jq -r .csrf_token)
cookies=(--cookie "accesstoken=$strong; tokentype=bearer; _csrf=$csrf")
call 403 PUT "/accounts/$account/backup" "${cookies[@]}" "${json[@]}" '{"data":"bm9u","version":3}' |
    jq -e '.details == {"csrf_token":"invalid"}' >/dev/null
cookies+=(--header "X-CSRF-Token: $csrf")

# "Change password", with the backup as older clients do it, then with the root key.
new='{"params":{"memory":1024,"parallelism":1,"iterations":1,"salt_base_64":"dW4gYXV0cmUgc2Vs"},"hash_base_64":"dW4gYXV0cmUgaGFjaGFnZQ=="}'
call 204 PUT "/accounts/$account/password" "${cookies[@]}" "${json[@]}" \
    "{\"old_prehashed_password\":$old,\"new_prehashed_password\":$new,\"backup_data\":\"bm91dmVhdQ==\",\"backup_version\":3}"
call 204 PUT "/accounts/$account/password" "${cookies[@]}" "${json[@]}" \
    "{\"old_prehashed_password\":$new,\"new_prehashed_password\":$old,\"encrypted_account_root_key\":\"dsxTchS2R75QayOvAYFe4A\"}"

# "Set a password on an identity": a reset by mail, which begins a secret storage.
hash=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
storage="{\"account_root_key\":{\"key_hash\":\"$hash\",\"encrypted_key\":\"SVqIxNjfDNSBLME0bTxBVg\"},
    \"vault_key\":{\"key_hash\":\"GRNiluqdewU0Deiw-GxDgQ\",\"encrypted_key\":\"RhkCn-l0OhPcRDqW4hFdeg\"},
    \"asym_keys\":{\"JTGeadip5O4-Hu6CgrndHA\":{\"encrypted_secret_key\":\"1dC9viP0rWxi6hPg1uKKQN9UhVYBUxebG_IV1cGCRYA\"}},
    \"pubkey\":\"6QvaldZMMtJdi1LUg4N0Ag\",\"non_identified_pubkey\":\"MUah4EnFPmyy6XA58WoG9A\",
    \"pubkey_aes_rsa\":\"com.misakey.aes-rsa-enc:6QvaldZMMtJdi1LUg4N0Ag\",
    \"non_identified_pubkey_aes_rsa\":\"com.misakey.aes-rsa-enc:MUah4EnFPmyy6XA58WoG9A\"}"
call 204 PUT "/accounts/$account/set-password" --header "Authorization: Bearer $weak" \
    "${json[@]}" "{\"prehashed_password\":$old,\"secret_storage\":$storage}"

# "Getting the account secret storage"; the backup can still be read, and is locked.
call 200 GET /crypto/secret-storage "${cookies[@]}" | jq -e ".account_root_key.key_hash == \"$hash\"" >/dev/null
call 200 GET "/accounts/$account/backup" "${cookies[@]}" | jq -e '. == {"data":"bm91dmVhdQ==","version":3}' >/dev/null
call 409 PUT "/accounts/$account/backup" "${cookies[@]}" "${json[@]}" '{"data":"bm9u","version":4}' |
    jq -e '.details == {"data":"locked"}' >/dev/null

echo "account $account went through the whole session"
