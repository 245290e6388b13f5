#!/usr/bin/env python3
"""What a client of m-ld does with an account: register, activate, use the key, choose how remotes authenticate.

    mld_client.py http://127.0.0.1:8080 --account alice --email alice@example.org --outbox .ledger/outbox

All of that may be left out: the service is then looked for where `account-ledger up` puts it, LEDGER_URL and
LEDGER_HOME, and asked for an account with a new name. The code is read from the mail, where the service writes mails to
a directory; otherwise it is asked for. Needs the package `cryptography`, by which the account's tokens are signed here and not by the service.
"""

import argparse
import base64
import email
import email.policy
import json
import os
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status = status
        self.code = body.get("code") if isinstance(body, dict) else None


class Gateway:
    """The API of a gateway, below /api/v1."""

    def __init__(self, url):
        self.url = url.rstrip("/")

    def call(self, method, path, body=None, authorization=None, headers=None):
        """One request; answers the decoded body."""
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", method=method)
        if authorization:
            request.add_header("Authorization", authorization)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request) as answer:
                return self.decode(answer.headers.get_content_type(), answer.read())
        except urllib.error.HTTPError as error:
            raise Refused(error.code, self.decode(error.headers.get_content_type(), error.read())) from None

    @staticmethod
    def decode(content_type, data):
        """A body as its type says."""
        if not data:
            return None
        return json.loads(data) if content_type.endswith("json") else data.decode()


def mails(outbox):
    """The mails that lie in a directory."""
    return set(pathlib.Path(outbox).glob("**/*.eml")) if outbox else set()


def mailed_code(outbox, address, known, patience=30):
    """The code in a mail to an address that was not known before."""
    if outbox is None:
        return input(f"The code that was sent to {address}: ").strip()
    end = time.monotonic() + patience
    while time.monotonic() < end:
        for path in mails(outbox) - known:
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if address not in str(mail["To"]):
                continue
            codes = re.findall(r"(?<!\d)\d{6}(?!\d)", mail.get_content())
            if len(codes) == 1:
                return codes[0]
        time.sleep(0.05)
    sys.exit(f"no mail to {address} came")


def encode(data):
    """Base64 as tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Account:
    """An account, and one key of it with its RSA pair."""

    def __init__(self, gateway, name, answer):
        self.gateway = gateway
        self.name = name
        self.key = answer["auth"]["key"]
        self.key_id = self.key.split(":")[0].split(".")[1]
        secret = self.key.split(":")[1]
        self.private_key = serialization.load_der_private_key(
            base64.b64decode(answer["key"]["private"]), secret.encode()
        )
        public_key = base64.b64decode(answer["key"]["public"])
        assert self.public_der() == public_key, "the halves of the pair do not belong together"

    @classmethod
    def register(cls, gateway, name, address, outbox):
        """Makes the account, or a further key of it, by a code that is mailed."""
        known = mails(outbox)
        token = gateway.call("POST", f"user/{name}/activation", {"email": address})["jwe"]
        code = mailed_code(outbox, address, known)
        answer = gateway.call(
            "POST", f"user/{name}/key?type=rsa", authorization=f"Bearer {token}", headers={"X-Activation-Code": code}
        )
        return cls(gateway, name, answer), token, code

    def public_der(self):
        """SubjectPublicKeyInfo."""
        return self.private_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def basic(self):
        """The key, as requests present it."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.key}".encode()).decode()

    def token(self, **claims):
        """A token of the account, signed with its key."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.key_id}
        claims = {"iss": self.name, "exp": int(time.time()) + 600, **claims}
        signed = encode(json.dumps(header).encode()) + "." + encode(json.dumps(claims).encode())
        signature = self.private_key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{encode(signature)}"

    def call(self, method, path="", body=None, authorization=None):
        """A request about the account itself."""
        return self.gateway.call(method, f"user/{self.name}{path}", body, authorization or self.basic)


def main():
    """The whole session; ends with an error where the service does not do as it should."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", nargs="?", default=os.environ.get("LEDGER_URL", "http://127.0.0.1:8080"))
    parser.add_argument("--account", default=f"client-{os.urandom(4).hex()}", help="by default a new name")
    parser.add_argument("--email", help="by default the account's name at example.org")
    parser.add_argument("--outbox", help="directory of the mails; where there is none the code is asked for")
    arguments = parser.parse_args()
    arguments.email = arguments.email or f"{arguments.account}@example.org"
    home = pathlib.Path(os.environ.get("LEDGER_HOME", ".ledger"), "outbox")
    if arguments.outbox is None and home.parent.is_dir():
        arguments.outbox = home
    gateway = Gateway(arguments.url)

    account, token, code = Account.register(gateway, arguments.account, arguments.email, arguments.outbox)
    print(f"registered {account.name} with key {account.key_id}")
    try:
        gateway.call(
            "POST", f"user/{account.name}/key", authorization=f"Bearer {token}", headers={"X-Activation-Code": code}
        )
        sys.exit("a code was redeemed twice")
    except Refused as refusal:
        assert (refusal.status, refusal.code) == (401, "Unauthorized"), refusal

    shown = account.call("GET")
    assert shown["@id"] == account.name and arguments.email in shown["email"], shown
    assert shown["remotesAuth"] == [], shown

    pem = account.call("GET", f"/publicKey/{account.key_id}")
    published = serialization.load_pem_public_key(pem.encode())
    assert published.public_numbers() == account.private_key.public_key().public_numbers()

    assert account.call("PATCH", body={"@insert": {"remotesAuth": "jwt"}}) is None
    account.call("PATCH", body={"@insert": {"remotesAuth": "key"}})
    assert account.call("GET")["remotesAuth"] == ["jwt", "key"]
    print("remotes may authenticate by key and by token")

    bearer = "Bearer " + account.token()
    account.call("PATCH", body={"@delete": {"remotesAuth": "jwt"}}, authorization=bearer)
    assert account.call("GET", authorization=bearer)["remotesAuth"] == ["key"]
    for wrong in (account.token(sub="https://bob.example/"), account.token(exp=int(time.time()) - 1)):
        try:
            account.call("GET", authorization="Bearer " + wrong)
            sys.exit("a token was taken that should not be")
        except Refused as refusal:
            assert refusal.status in (401, 403), refusal
    print("a token signed here was taken, and others were not")

    settings = gateway.call("PUT", f"domain/{account.name}/notes", authorization=account.basic)
    assert settings["@domain"].startswith(f"notes.{account.name}."), settings
    second, _, _ = Account.register(gateway, account.name, arguments.email, arguments.outbox)
    assert len(second.call("GET")["key"]) == 2 and account.call("GET")["key"] == second.call("GET")["key"]
    print(f"registered domain {settings['@domain']}, and a second key {second.key_id}")


if __name__ == "__main__":
    main()
