#!/usr/bin/env python3
"""Follows a transparency log by its tiles, trusting nobody but the log's public key.

    verify_log.py http://127.0.0.1:8080/log --key 'ledger.example.org/log+1a2b3c4d+AQ…' --state seen.json

Each run fetches the newest checkpoint, checks its signature, fetches the tiles that are new since the last run, and
extends the tree that it remembers by them. When the root it arrives at is the one that was signed, then the log was
only extended since then. With --credential it fetches the entries too, checks that they are what was signed, and that
their positions and times are in order. It exits 0 when all is well, and 1 with a reason when it is not.

Written from C2SP tlog-tiles, tlog-checkpoint and signed-note, and RFC 6962, and from nothing else. It needs Python 3.8
or newer and no package; where `cryptography` is installed, that checks the signature.
"""

import argparse
import base64
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request

WIDTH = 256


class Untrue(Exception):
    """The log says something that cannot be so."""


# Ed25519 (RFC 8032, section 6), for machines without the package.

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if y >= P or (x2 == 0 and sign):
        return None
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P:
        return None
    return P - x if x & 1 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def signature_fits(public_key, text, signature):
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return plain_signature_fits(public_key, text, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def plain_signature_fits(public_key, text, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r = decompress(public_key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public_key + text).digest(), "little") % Q
    left, right = multiply(s, BASE), add(r, multiply(challenge, a))
    return not (left[0] * right[2] - right[0] * left[2]) % P and not (left[1] * right[2] - right[1] * left[2]) % P


# Notes and checkpoints


class Key:
    """A verifier key: <name>+<id>+<base64 of type and public key>."""

    def __init__(self, text):
        try:
            self.name, key_id, key = text.strip().split("+", 2)
            data = base64.b64decode(key, validate=True)
        except ValueError:
            raise Untrue("this is no verifier key") from None
        if len(data) != 33 or data[0] != 1:
            raise Untrue("the verifier key is not one of Ed25519")
        self.public_key = data[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        if self.id.hex() != key_id:
            raise Untrue("the verifier key does not fit its own id")


class Checkpoint:
    """What the log signed: its origin, size and root."""

    def __init__(self, note, key):
        self.note = note
        text, blank, signatures = note.rpartition("\n\n")
        lines = text.split("\n")
        if not blank or len(lines) < 3:
            raise Untrue("the checkpoint is no signed note")
        if lines[0] != key.name:
            raise Untrue(f"the checkpoint is of another log: {lines[0]}")
        if lines[1] != str(int(lines[1])) or int(lines[1]) < 0:
            raise Untrue("the checkpoint's size is malformed")
        self.size = int(lines[1])
        self.root = base64.b64decode(lines[2], validate=True)
        if not any(self.signed(line, text + "\n", key) for line in signatures.splitlines()):
            raise Untrue("the checkpoint is not signed by the log's key")

    @staticmethod
    def signed(line, text, key):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or parts[1] != key.name:
            return False
        data = base64.b64decode(parts[2], validate=True)
        if data[:4] != key.id:
            return False
        if not signature_fits(key.public_key, text.encode(), data[4:]):
            raise Untrue("the signature does not fit the checkpoint")
        return True


# The tree (RFC 6962, section 2.1)


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def full_root(hashes):
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


class Tree:
    """The right edge of the tree: for each level of tiles the hashes that do not fill a tile yet."""

    def __init__(self, size=0, levels=()):
        self.size, self.levels = size, [list(level) for level in levels]

    def append(self, leaf):
        """Adds a leaf; tells the hashes that it completes above the leaves, as (level, index, hash)."""
        self.size += 1
        hash_, level, completed = leaf, 0, []
        while True:
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(hash_)
            if len(self.levels[level]) < WIDTH:
                return completed
            hash_ = full_root(self.levels[level])
            self.levels[level] = []
            level += 1
            completed.append((level, (self.size >> 8 * level) - 1, hash_))

    def root(self):
        complete = []  # from right to left, each subtree larger than the one before
        for hashes in self.levels:
            rest = list(hashes)
            while rest:
                count = len(rest) & -len(rest)
                complete.append(full_root(rest[-count:]))
                rest = rest[:-count]
        if not complete:
            return hashlib.sha256(b"").digest()
        root = complete[0]
        for left in complete[1:]:
            root = node_hash(left, root)
        return root


# The log


class Log:
    def __init__(self, prefix, credential=None):
        self.prefix, self.credential = prefix.rstrip("/"), credential

    def fetch(self, path, credential=None):
        request = urllib.request.Request(f"{self.prefix}/{path}")
        if credential:
            request.add_header("Authorization", f"Bearer {credential}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def tile(self, kind, index, width, credential=None):
        """A tile, partial when the tree has no more of it; the full one where the partial one is gone already."""
        groups = [f"{index % 1000:03}"]
        while index >= 1000:
            index //= 1000
            groups.insert(0, f"x{index % 1000:03}")
        path = f"tile/{kind}/{'/'.join(groups)}"
        if width == WIDTH:
            return self.fetch(path, credential)
        try:
            return self.fetch(f"{path}.p/{width}", credential)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
        return self.fetch(path, credential)

    def hashes(self, level, first, end, size):
        """The hashes of a level from one index to another, in a tree of a size."""
        for index in range(first // WIDTH, (end + WIDTH - 1) // WIDTH):
            width = min(WIDTH, (size >> 8 * level) - index * WIDTH)
            data = self.tile(level, index, width)
            if len(data) < 32 * width:
                raise Untrue(f"tile {level}/{index} is short")
            for place in range(max(first - index * WIDTH, 0), min(end - index * WIDTH, width)):
                yield data[32 * place:32 * place + 32]

    def entries(self, first, end, size):
        """The entries from one index to another."""
        for index in range(first // WIDTH, (end + WIDTH - 1) // WIDTH):
            width = min(WIDTH, size - index * WIDTH)
            data = self.tile("entries", index, width, self.credential)
            place = 0
            for number in range(width):
                length = int.from_bytes(data[place:place + 2], "big")
                entry = data[place + 2:place + 2 + length]
                if len(entry) != length or not length:
                    raise Untrue(f"entry bundle {index} is short")
                place += 2 + length
                if first <= index * WIDTH + number < end:
                    yield entry


def follow(log, key, state):
    """Goes from what is remembered to the newest checkpoint; tells what to remember then."""
    checkpoint = Checkpoint(log.fetch("checkpoint").decode(), key)
    tree = Tree(state["size"], [[bytes.fromhex(h) for h in level] for level in state["levels"]])
    since = tree.size
    if checkpoint.size < since:
        raise Untrue(f"the log had {since} entries, and now says that it has {checkpoint.size}")
    completed = {}
    entries = log.entries(since, checkpoint.size, checkpoint.size) if log.credential else None
    seen_at = state.get("time", 0)
    for leaf in log.hashes(0, since, checkpoint.size, checkpoint.size):
        if entries is not None:
            entry = next(entries, b"")
            if leaf_hash(entry) != leaf:
                raise Untrue(f"entry {tree.size} is not the one that was signed")
            position, at = int.from_bytes(entry[1:9], "big"), int.from_bytes(entry[9:17], "big", signed=True)
            if entry[0] != 1 or position != tree.size + 1 or at < seen_at:
                raise Untrue(f"entry {tree.size} is out of order")
            seen_at = at
        for level, index, hash_ in tree.append(leaf):
            completed[level, index] = hash_
    if tree.root() != checkpoint.root:
        raise Untrue(f"the tree of {tree.size} entries has not the root that was signed")
    # The levels above follow from the leaves; a log that serves others misleads those who rely on them.
    for level in sorted({level for level, _ in completed}):
        indices = sorted(index for one, index in completed if one == level)
        served = log.hashes(level, indices[0], indices[-1] + 1, checkpoint.size)
        for index, hash_ in zip(indices, served):
            if completed[level, index] != hash_:
                raise Untrue(f"hash {index} of level {level} does not follow from the leaves")
    print(
        f"{checkpoint.size} entries, {checkpoint.size - since} new, root {checkpoint.root.hex()}"
        + (", entries read" if entries is not None else ""),
        flush=True,
    )
    levels = [[h.hex() for h in level] for level in tree.levels]
    return {"size": tree.size, "levels": levels, "time": seen_at, "note": checkpoint.note}


def load(path, key):
    if not path or not os.path.exists(path):
        return {"size": 0, "levels": []}
    with open(path) as file:
        state = json.load(file)
    saved = Checkpoint(state["note"], key)
    tree = Tree(state["size"], [[bytes.fromhex(h) for h in level] for level in state["levels"]])
    if saved.size != tree.size or saved.root != tree.root():
        raise Untrue(f"{path} does not fit the checkpoint in it")
    return state


def save(path, state):
    if path:
        with open(f"{path}.new", "w") as file:
            json.dump(state, file)
        os.replace(f"{path}.new", path)


def text_of(given):
    """A text, or the one line of the file that is named."""
    if os.path.exists(given):
        with open(given) as file:
            return file.read().strip()
    return given


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prefix", help="the log's address, such as https://ledger.example.org/log")
    parser.add_argument("--key", required=True, help="the log's verifier key, or a file with it")
    parser.add_argument("--state", help="file in which to remember how far the log was followed")
    parser.add_argument("--credential", help="file with a key that may read entries")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="go on following, instead of once")
    given = parser.parse_args()
    try:
        key = Key(text_of(given.key))
        log = Log(given.prefix, text_of(given.credential) if given.credential else None)
        state = load(given.state, key)
        while True:
            state = follow(log, key, state)
            save(given.state, state)
            if given.every is None:
                return 0
            time.sleep(given.every)
    except Untrue as reason:
        print(f"verify_log: {reason}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError) as error:
        print(f"verify_log: cannot follow the log: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
