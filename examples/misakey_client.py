#!/usr/bin/env python3
"""A Misakey client from end to end, independent of the service's code: creates an account, logs in, backs up, changes
the password, restores with the old and the new one, and moves to a secret storage.

The password never leaves it: Argon2 (argon2-cffi), AES and RSA (cryptography) are done here, as the web client does.

    misakey_client.py [URL [ROOT_KEY]]

Without them the service is looked for where `account-ledger up` puts it: LEDGER_URL, and root's key in LEDGER_HOME.
"""

import base64
import json
import os
import sys
import urllib.error
import urllib.request

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MEMORY, ITERATIONS, PARALLELISM = 1024, 1, 1


# ---------------------------------------------------------------------------------------------------------------------
# What the client computes


def standard(data):
    return base64.b64encode(data).decode()


def url_safe(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_url_safe(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def argon2i(password, salt_text, memory, iterations, parallelism):
    """The prehash: Argon2i over the password with the *text* of the salt, sixteen bytes."""
    return hash_secret_raw(
        password.encode(), salt_text.encode(), time_cost=iterations, memory_cost=memory, parallelism=parallelism,
        hash_len=16, type=Type.I, version=0x13)


def prehashed(password, parameters=None):
    """The object that stands for a password on the wire; with new parameters unless some are given."""
    if parameters is None:
        parameters = {
            "memory": MEMORY, "iterations": ITERATIONS, "parallelism": PARALLELISM,
            "salt_base_64": standard(os.urandom(16)),
        }
    digest = argon2i(
        password, parameters["salt_base_64"], parameters["memory"], parameters["iterations"],
        parameters["parallelism"])
    return {"params": parameters, "hash_base_64": standard(digest)}


def key_of(password, salt):
    """The key that seals what only the password opens: of the password itself, never of what the server sees."""
    secret = hash_secret_raw(
        password.encode(), salt, time_cost=ITERATIONS, memory_cost=MEMORY, parallelism=PARALLELISM, hash_len=32,
        type=Type.I, version=0x13)
    return HKDF(hashes.SHA256(), 32, salt=salt, info=b"example client").derive(secret)


def seal(key, data):
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, data, None)


def unseal(key, box):
    return AESGCM(key).decrypt(box[:12], box[12:], None)


def seal_for(password, data):
    salt = os.urandom(16)
    return salt + seal(key_of(password, salt), data)


def unseal_for(password, box):
    return unseal(key_of(password, box[:16]), box[16:])


def digest_of(data):
    state = hashes.Hash(hashes.SHA256())
    state.update(data)
    return state.finalize()


# ---------------------------------------------------------------------------------------------------------------------
# What goes over the wire


class Refused(Exception):
    """An answer in the service's error form."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body


class Service:
    def __init__(self, url, token=None):
        self.url, self.token = url.rstrip("/"), token

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise Refused(error.code, json.loads(error.read() or b"null")) from None

    def acting_with(self, token):
        return Service(self.url, token)


def expect_refusal(status, details, action):
    try:
        action()
    except Refused as refused:
        assert refused.status == status, refused
        assert refused.body["details"] == details, refused
        return
    raise AssertionError(f"not refused with {status} {details}")


def log_in(service, address, password):
    """A token of the second strength, by password; an InvalidTag or Refused says that it is the wrong one."""
    found = service.call("PUT", "/auth/identities", {"identifier_value": address, "password_reset": False})
    step = found["authn_step"]
    assert step["method_name"] == "prehashed_password", step
    answer = service.call(
        "POST", "/auth/login/authn-step",
        {
            "identity_id": step["identity_id"],
            "authn_step": {
                "method_name": "prehashed_password", "metadata": prehashed(password, step["metadata"]),
            },
        })
    assert answer["acr"] == "2", answer
    return service.acting_with(answer["access_token"])


def check_vectors():
    """What every client of this system computes for these."""
    assert standard(argon2i("password", "ZmFrZVJhbmRvbVNhbHQ=", 1024, 1, 1)) == "6QtSvBGMUuJCNrOwxZLEzQ=="
    assert standard(argon2i("password", "c2FsdHktc2FsdC1zYWx0", 2048, 3, 2)) == "74cb8+Fw/l8dHRhZahLWOg=="


def main(url, root_key):
    check_vectors()
    service, root = Service(url), Service(url, root_key)
    address = f"client-{os.urandom(6).hex()}@example.org"
    first, second, third = "correct horse", "battery staple", "troubadour"
    secret = b"what only the person can read"

    # An operator, or an OpenID provider in front, says who somebody is.
    identity = root.call("POST", "/v1/identities", {"identifier": address})["id"]
    weak = root.call("POST", "/v1/tokens", {"identity_id": identity, "acr": 1})["access_token"]

    # Create.
    made = service.acting_with(weak).call(
        "POST", f"/identities/{identity}/account",
        {"prehashed_password": prehashed(first), "backup_data": standard(seal_for(first, secret))})
    account = made["id"]
    assert made["backup_version"] == 1
    print("created", account)

    # Log in, and restore with the password.
    person = log_in(service, address, first)
    backup = person.call("GET", f"/accounts/{account}/backup")
    assert unseal_for(first, base64.b64decode(backup["data"])) == secret
    expect_refusal(403, {"metadata": "invalid"}, lambda: log_in(service, address, second))

    # Back up.
    secret += b", and more of it"
    person.call(
        "PUT", f"/accounts/{account}/backup",
        {"data": standard(seal_for(first, secret)), "version": backup["version"] + 1})
    backup = person.call("GET", f"/accounts/{account}/backup")
    assert backup["version"] == 2 and unseal_for(first, base64.b64decode(backup["data"])) == secret
    expect_refusal(
        409, {"version": "conflict", "expected_version": "3"},
        lambda: person.call("PUT", f"/accounts/{account}/backup", {"data": "AAAA", "version": 2}))
    print("backed up")

    # Change the password and with it the backup, in one step.
    parameters = service.call("GET", f"/accounts/{account}/pwd-params")
    person.call(
        "PUT", f"/accounts/{account}/password",
        {
            "old_prehashed_password": prehashed(first, parameters), "new_prehashed_password": prehashed(second),
            "backup_data": standard(seal_for(second, secret)), "backup_version": 3,
        })
    expect_refusal(403, {"metadata": "invalid"}, lambda: log_in(service, address, first))
    person = log_in(service, address, second)
    backup = base64.b64decode(person.call("GET", f"/accounts/{account}/backup")["data"])
    assert unseal_for(second, backup) == secret
    try:
        unseal_for(first, backup)
        raise AssertionError("the old password opens the new backup")
    except InvalidTag:
        pass
    print("changed the password; the new one restores, the old one does not")

    # Move to a secret storage: a root key under the password, and everything else under the root key.
    root_secret, vault_secret = os.urandom(32), os.urandom(32)
    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = pair.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = pair.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    aes_rsa = "com.misakey.aes-rsa-enc:" + url_safe(public)
    person.call(
        "POST", "/crypto/migration/v2",
        {
            "account_root_key": {
                "key_hash": url_safe(digest_of(root_secret)), "encrypted_key": url_safe(seal_for(second, root_secret)),
            },
            "vault_key": {
                "key_hash": url_safe(digest_of(vault_secret)),
                "encrypted_key": url_safe(seal(root_secret, vault_secret)),
            },
            "asym_keys": {aes_rsa: {"encrypted_secret_key": url_safe(seal(root_secret, private))}},
            "pubkey": url_safe(os.urandom(32)), "non_identified_pubkey": url_safe(os.urandom(32)),
            "pubkey_aes_rsa": aes_rsa, "non_identified_pubkey_aes_rsa": aes_rsa,
        })
    expect_refusal(
        409, {"data": "locked"},
        lambda: person.call("PUT", f"/accounts/{account}/backup", {"data": "AAAA", "version": 4}))

    # Change the password again: the root key is the same, under another password.
    parameters = service.call("GET", f"/accounts/{account}/pwd-params")
    person.call(
        "PUT", f"/accounts/{account}/password",
        {
            "old_prehashed_password": prehashed(second, parameters), "new_prehashed_password": prehashed(third),
            "encrypted_account_root_key": url_safe(seal_for(third, root_secret)),
        })

    # Somebody else writes to the person, who restores everything with the newest password and reads it.
    person = log_in(service, address, third)
    written_to = person.call("GET", f"/identities/{identity}")["pubkey_aes_rsa"].removeprefix("com.misakey.aes-rsa-enc:")
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    message_key = os.urandom(32)
    message = seal(message_key, b"hello")
    sealed_key = serialization.load_der_public_key(from_url_safe(written_to)).encrypt(message_key, oaep)

    storage = person.call("GET", "/crypto/secret-storage")
    restored = unseal_for(third, from_url_safe(storage["account_root_key"]["encrypted_key"]))
    assert restored == root_secret
    assert storage["account_root_key"]["key_hash"] == url_safe(digest_of(root_secret))
    assert unseal(restored, from_url_safe(storage["vault_key"]["encrypted_key"])) == vault_secret
    private = unseal(restored, from_url_safe(storage["asym_keys"][aes_rsa]["encrypted_secret_key"]))
    opened_key = serialization.load_der_private_key(private, None).decrypt(sealed_key, oaep)
    assert unseal(opened_key, message) == b"hello"
    print("restored the secret storage with the newest password")

    history = root.call("GET", f"/v1/accounts/{account}/events?limit=100")["items"]
    assert all('"door":"misakey"' in event["meta"] for event in history), history
    print(f"{len(history)} events tell the story")


if __name__ == "__main__":
    if len(sys.argv) > 3 or sys.argv[1:2] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    key_file = os.path.join(os.environ.get("LEDGER_HOME", ".ledger"), "keys", "root.key")
    main(
        sys.argv[1] if len(sys.argv) > 1 else os.environ.get("LEDGER_URL", "http://127.0.0.1:8080"),
        sys.argv[2] if len(sys.argv) > 2 else open(key_file, encoding="utf-8").read().strip())
