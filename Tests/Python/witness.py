"""A witness for tests, on loopback, written from C2SP tlog-witness and tlog-cosignature and RFC 6962 alone.

    witness.py LOG-KEY-FILE OUT [mute]

Prints its port and its verifier key, appends a line of JSON for each request to OUT, and ends with its input. It knows
one log, by the key in a file that may be written later. A mute one takes requests and never answers.
"""

import base64
import hashlib
import http.server
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples"))
import verify_log as ed

LOG_KEY, OUT = sys.argv[1:3]
NAME = "witness.example/w1"
SEED = os.urandom(64)
SCALAR = int.from_bytes(SEED[:32], "little") & (1 << 254) - 8 | 1 << 254


def compress(point):
    inverse = pow(point[2], ed.P - 2, ed.P)
    return (point[1] * inverse % ed.P | (point[0] * inverse % ed.P & 1) << 255).to_bytes(32, "little")


def sign(message):
    r = int.from_bytes(hashlib.sha512(SEED[32:] + message).digest(), "little") % ed.Q
    start = compress(ed.multiply(r, ed.BASE))
    challenge = int.from_bytes(hashlib.sha512(start + PUBLIC + message).digest(), "little")
    return start + ((r + challenge * SCALAR) % ed.Q).to_bytes(32, "little")


PUBLIC = compress(ed.multiply(SCALAR, ed.BASE))
ID = hashlib.sha256(NAME.encode() + b"\n\x04" + PUBLIC).digest()[:4]


def roots(m, n, old_root, proof):
    """The roots of both trees by a proof, as SUBPROOF of RFC 6962 makes it; old_root stands for what it leaves out."""
    if m == n:
        return (old_root or proof.pop(),) * 2
    k, sibling = 1 << (n - 1).bit_length() - 1, proof.pop()
    if m <= k:
        old, new = roots(m, k, old_root, proof)
        return old, ed.node_hash(new, sibling)
    old, new = roots(m - k, n - k, None, proof)
    return ed.node_hash(sibling, old), ed.node_hash(sibling, new)


class Witness(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock, seen = threading.Lock(), (0, hashlib.sha256(b"").digest())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        head, _, note = body.partition("\n\n")
        first, *proof = head.split("\n")
        if sys.argv[3:] == ["mute"]:
            threading.Event().wait()
        with self.lock:
            answer = self.judge(int(first[4:]), [base64.b64decode(line, validate=True) for line in proof], note)
            status, text = answer if first[:4] == "old " and self.path == "/w/add-checkpoint" else (400, "")
            told = {"old": int(first[4:]), "size": int(note.split("\n")[1]), "status": status}
            with open(OUT, "a", encoding="utf-8") as file:
                file.write(json.dumps(told | {"client": self.client_address[1]}) + "\n")
        self.send_response(status)
        self.send_header("Content-Type", "text/x.tlog.size" if status == 409 else "text/plain")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def judge(self, old, proof, note):
        if not os.path.exists(LOG_KEY):
            return 404, ""
        try:
            checkpoint = ed.Checkpoint(note, ed.Key(open(LOG_KEY, encoding="utf-8").read()))
        except ed.Untrue:
            return 403, ""
        size, root = Witness.seen
        if old > checkpoint.size or len(proof) > 63 or not note.endswith("\n"):
            return 400, ""
        if old != size or (old == checkpoint.size and root != checkpoint.root):
            return 409, f"{size}\n"
        try:
            is_fine = not old or roots(old, checkpoint.size, root, proof) == (root, checkpoint.root)
        except IndexError:
            is_fine = False
        if not is_fine or proof:
            return 422, ""
        Witness.seen, now = (checkpoint.size, checkpoint.root), int(time.time())
        text = note.partition("\n\n")[0] + "\n"
        data = ID + now.to_bytes(8, "big") + sign(f"cosignature/v1\ntime {now}\n{text}".encode())
        return 200, f"\u2014 {NAME} {base64.b64encode(data).decode()}\n"

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Witness)
threading.Thread(target=server.serve_forever, daemon=True).start()
key = f"{NAME}+{ID.hex()}+{base64.b64encode(bytes([4]) + PUBLIC).decode()}"
os.write(1, f"{server.server_address[1]} {key}\n".encode())
sys.stdin.read()
os._exit(0)
