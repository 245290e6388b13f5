"""The doors beside the native API, and what slow work does to everybody else: a gateway and a log of their own."""

import base64
import concurrent.futures
import http.client
import json
import threading
import time

from . import machine
from .loads import Ring
from .service import Failed

PASSWORD = "a password of the benchmark"


class Session:
    """A connection that JSON is sent over."""

    def __init__(self, gateway):
        self._connection = gateway.connect()

    def send(self, method, path, credential, body=None):
        """The status and the JSON of the answer."""
        headers = {"Authorization": credential, "Content-Type": "application/json"}
        self._connection.request(method, path, json.dumps({} if body is None else body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def make(self, path, credential, body=None):
        status, answer = self.send("POST", path, credential, body)
        if status not in (200, 201):
            raise Failed(f"POST {path} answered {status}: {answer}")
        return answer

    def close(self):
        self._connection.close()


def basic(name, key):
    return "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()


class Doors:
    """The runs that compare doors, and those of reads beside slow work."""

    CLIENTS = 64
    # What is compared stands next to each other, so that both have the same minute.
    RUNS = (
        "remotesAuth, m-ld", "remotesAuth, native", "backup, Misakey", "backup, native",
        "get, half load", "get, half load, slow work",
    )  # fmt: skip

    def __init__(self, suite, cluster, loads):
        self.loads, self.cluster = loads, cluster
        self.seconds = 1 if suite.given.quick else suite.given.seconds
        # What counts attempts would refuse a client that hashes passwords as fast as it can.
        self.gateway = cluster.serve("doors", suite.log("serve-doors"), LEDGER_LIMITS="off")
        suite.cleanup.callback(self.gateway.stop)
        self.root = f"Bearer {self.gateway.key}"
        # No projector runs here, so what is read is what this log held from the start, and what nobody changes.
        self.paths = [f"/v1/accounts/{name}" for name in self.projected()]
        # The native PATCH answers with what it folds from the whole stream: with many accounts, streams stay short.
        count = 256 if suite.given.quick else 4096
        suite.say(f"making {2 * count} accounts for the doors")
        self.sessions = threading.local()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            meld = dict(pool.map(self.make_meld, range(count)))
            misakey = dict(pool.map(self.make_misakey, range(count)))
            self.slow = list(pool.map(self.make_slow, range(8)))
        self.ring_of_meld = Ring(
            cluster, "doors", sorted(meld),
            {
                "meld": lambda name: (f"/api/v1/user/{meld[name][0]}", meld[name][1]),
                "patch": lambda name: (f"/v1/accounts/{name}/remotes-auth", meld[name][1]),
            },
            events="remotes_auth.%",
        )  # fmt: skip
        self.ring_of_misakey = Ring(
            cluster, "doors", sorted(misakey),
            {
                "misakey": lambda name: (f"/accounts/{name}/backup", misakey[name]),
                "put": lambda name: (f"/v1/accounts/{name}/backup", misakey[name]),
            },
        )  # fmt: skip
        self.full = None
        self.say = suite.say

    # The accounts

    @property
    def session(self):
        """A session for each thread."""
        if not hasattr(self.sessions, "own"):
            self.sessions.own = Session(self.gateway)
        return self.sessions.own

    def projected(self):
        """The accounts of the log that this one is a copy of; `up` had projected them."""
        rows = self.cluster.sql(
            """
            SELECT e.stream_id FROM ledger.events e
             WHERE e.log_id = 0 AND e.version = 1 AND e.event_type LIKE 'account.created.%'
               AND e.position <= (SELECT min(l.position) FROM ledger.lanes l)
             ORDER BY e.stream_id LIMIT 4096;
            """,
            "doors",
        )
        if not rows:
            raise Failed("no account is there to be read")
        return [row[0] for row in rows]

    def make_meld(self, number):
        """An account with a key of its own, which is its credential at both doors: a name, and what proves it."""
        name = f"door-{number}"
        account = self.session.make("/v1/accounts", self.root, {"name": name, "activated": True})["id"]
        key = self.session.make(f"/v1/accounts/{account}/keys", self.root)["key"]
        return account, (name, basic(name, key))

    def make_misakey(self, number):
        """An account made at Misakey's door, and a token of its identity, which is good at both doors."""
        identity = self.session.make("/v1/identities", self.root, {"identifier": f"door-{number}@example.org"})["id"]
        token = self.session.make("/v1/tokens", self.root, {"identity_id": identity, "acr": 2})["access_token"]
        params = {"memory": 1024, "parallelism": 1, "iterations": 1, "salt_base_64": "c2FsdCBvZiBhIGJlbmNobWFyaw=="}
        account = self.session.make(
            f"/identities/{identity}/account", f"Bearer {token}",
            {
                "prehashed_password": {"params": params, "hash_base_64": "aGFzaCBvZiBhIGJlbmNobWFyaw=="},
                "backup_data": "YmFja3Vw",
            },
        )["id"]  # fmt: skip
        return account, f"Bearer {token}"

    def make_slow(self, number):
        name = f"slow-{number}"
        body = {"name": name, "activated": True, "password": PASSWORD}
        return name, self.session.make("/v1/accounts", self.root, body)["id"]

    # The runs

    def run(self, name):
        if name == "get, half load":
            return self.read()
        if name == "get, half load, slow work":
            with SlowWork(self) as work:
                row = self.read()
            # Counted once its threads have ended.
            row |= {"slow_per_second": work.done / work.elapsed}
            row["errors"] += work.errors
            if work.errors:
                row["note"] = f"{work.errors} slow requests failed: {work.failure}"
            # The stock of keys is filled up again; that is not the next run's.
            machine.settle(10)
            return row
        kind, ring = {
            "remotesAuth, m-ld": ("meld", self.ring_of_meld),
            "remotesAuth, native": ("patch", self.ring_of_meld),
            "backup, Misakey": ("misakey", self.ring_of_misakey),
            "backup, native": ("put", self.ring_of_misakey),
        }[name]
        return self.loads.command(kind, self.gateway, "doors", self.CLIENTS, self.seconds, ring)

    def read(self):
        """GET of accounts, evenly, half as many a second as were answered without a pause."""
        if self.full is None:
            for _ in range(2):  # the first one warms up
                self.full = self.loads.get(self.gateway, self.CLIENTS, self.seconds, self.paths)["rate"]
            self.say(f"half load is half of {self.full:,.0f}/s")
            machine.settle()
        return self.loads.get(self.gateway, self.CLIENTS, self.seconds, self.paths, self.full / 2)


class SlowWork:
    """RSA keys requested and passwords checked as fast as the pool can: four of each outstanding all the time."""

    def __init__(self, doors):
        self._doors = doors
        self._ended = threading.Event()
        self._counts = threading.Lock()
        self.done, self.errors, self.failure = 0, 0, None
        self._threads = [
            threading.Thread(target=self._run, args=(number, account))
            for number, account in enumerate(doors.slow)
        ]  # fmt: skip

    def __enter__(self):
        self._begin = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self.elapsed = time.monotonic() - self._begin

    def _run(self, number, account):
        name, identifier = account
        gateway = self._doors.gateway
        if number % 2:
            path, body = f"/v1/accounts/{identifier}/password/verify", {"password": PASSWORD}
            credential = self._doors.root
        else:
            path, body = f"/api/v1/user/{name}/key?type=rsa", {}
            credential = basic(gateway.key.split(".", 1)[0].lower(), gateway.key)
        session = Session(gateway)
        try:
            while not self._ended.is_set():
                status, answer = session.send("POST", path, credential, body)
                with self._counts:
                    if status in (200, 204):
                        self.done += 1
                    else:
                        self.errors += 1
                        self.failure = f"{status} {answer}"
                if status not in (200, 204):
                    self._ended.wait(0.05)
        except (OSError, http.client.HTTPException) as failure:
            with self._counts:
                self.errors += 1
                self.failure = f"{type(failure).__name__}: {failure}"
        finally:
            session.close()
