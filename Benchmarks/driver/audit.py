"""What is done with a whole log: rebuilding, exporting, verifying, reading; and what sealing it costs."""

import json
import os
import statistics
import time

from . import machine
from .loads import Child, Loads
from .service import GATEWAY_ROLE, Failed, clean_environment

# So many are outstanding where the append load is to be full.
CLIENTS = 256


class Audit:
    """The audit of a benchmark; `suite` gives it a cluster and ends what it starts."""

    def __init__(self, suite, rebuilder):
        self.suite, self.given, self.rebuilder = suite, suite.given, rebuilder
        if suite.appender is None:
            raise Failed("--audit needs it: swift build -c release --product AppenderBenchmark")
        self.events, self.accounts = (100_000, 10_000) if self.given.quick else (1_000_000, 100_000)
        self.passes = {}

    def run(self):
        suite = self.suite
        home, start = suite.start_up(1, burst=False)  # the log must be empty
        self.cluster = suite.start_cluster(home)
        self.loads = Loads(suite.directory, self.cluster, suite.python, suite.appender)
        self.cluster.sql("CREATE DATABASE empty TEMPLATE ledger;")
        rows = self.seal()
        self.rebuild()
        self.read()
        passes = [
            {"name": name, "events": events, "seconds": statistics.median(all_seconds), "all": all_seconds,
             "rate": events / statistics.median(all_seconds)}
            for name, (events, all_seconds) in self.passes.items()
        ]  # fmt: skip
        return suite.results(rows) | {"start": start, "passes": passes, "rebuild": self.rebuilt}

    def note(self, name, events, seconds):
        self.passes.setdefault(name, (events, []))[1].append(seconds)
        self.suite.say(f"{name:<36} {events / seconds:>11,.0f} events/s  {seconds:8.2f} s")

    # Sealing

    def seal(self):
        """Appends with a sealer beside them and without, in turn, each on a log of its own."""
        ways = (("appender", "unsealed", False), ("appender, sealing", "sealing", True))
        for _, database, _ in ways:
            self.cluster.copy("empty", database)
        rows = {}
        for number in range(self.given.rounds):
            # Whoever comes second finds the disk busier, or the caches warmer: that is to be nobody's advantage.
            for name, database, seals in ways if number % 2 == 0 else reversed(ways):
                machine.settle()
                row = self.loads.alone(database, CLIENTS, self.given.seconds, seal=seals)
                rows.setdefault((name, CLIENTS), []).append(row)
                lag = f"  sealed after {row['seal_lag_seconds']:.2f} s at most" if seals else ""
                self.suite.say(f"round {number + 1}/{self.given.rounds}  {name:<20} {row['rate']:>9,.0f}/s{lag}")
        for _, database, _ in ways:
            self.cluster.sql(f"DROP DATABASE {database} WITH (FORCE);")
        return rows

    # Rebuilding

    def rebuild(self):
        self.suite.say(f"filling a log with {self.events:,} events, and making a read model of it in six ways")
        self.cluster.copy("empty", "rebuilt")
        environment = clean_environment() | self.cluster.home.keys | {
            "LEDGER_OWNER_URL": self.cluster.url("postgres", "rebuilt")
        }  # fmt: skip
        done = Child(
            [self.rebuilder, "--events", str(self.events), "--accounts", str(self.accounts)], environment, limit=7200
        )
        self.rebuilt = json.loads(done.output.strip().splitlines()[-1])
        for name, figure in (
            ("rebuild of accounts", "rebuild"), ("projector from the first event", "projector"),
            ("upserts by SQL in slices of 1,000", "slice"), ("upserts by SQL in slices of 10,000", "large_slice"),
            ("upserts of finished rows", "upsert"), ("set-based SQL", "set_based"),
        ):  # fmt: skip
            self.note(name, self.events, self.rebuilt[f"{figure}_seconds"])
        self.cluster.sql("DROP DATABASE rebuilt WITH (FORCE);")

    # Reading

    def read(self):
        """Exports and verifies a log that was appended to and sealed as ever, against COPY of the same rows."""
        suite, cluster = self.suite, self.cluster
        suite.say(f"appending {self.events:,} events, and sealing them")
        cluster.copy("empty", "whole")
        self.loads.alone("whole", CLIENTS, accounts=self.accounts, puts=self.events - self.accounts)
        cluster.sql("VACUUM ANALYZE;", "whole")
        events = cluster.head("whole")
        # Of its own, lest the guard against a log that was set back takes another database's checkpoint for this one's.
        checkpoints = f"{suite.directory}/checkpoints"
        settings = cluster.home.signing_key | {"LEDGER_CHECKPOINT_DIR": checkpoints}
        begin = time.perf_counter()
        gateway = cluster.serve("whole", suite.log("serve-whole"), **settings)
        suite.cleanup.callback(gateway.stop)
        self.wait_sealed(gateway, events)
        self.note("sealing what was appended before", events, time.perf_counter() - begin)
        if suite.python:
            cluster.sql("CREATE DATABASE bench;")
        for number in range(self.given.rounds):
            suite.say(f"round {number + 1}/{self.given.rounds}")
            machine.settle()
            for form in ("binary", "text"):
                self.note(f"COPY to nowhere, {form}", events, self.copy(form))
            self.note("export, route", events, self.export(gateway, events))
            self.note("export, command", events, self.export_command(gateway))
            self.note("replay, command", events, self.export_command(gateway, "--ndjson"))
            self.note("verify", events, self.verify(events, settings))
            self.note("verify, boxes left shut", events, self.verify(events, settings, "--no-keys"))
            if suite.python:
                self.note("Python eventsourcing, replay", events, self.loads.replayed_by_eventsourcing(events))
        gateway.stop()

    def wait_sealed(self, gateway, events, limit=300):
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            gateway.check()
            status, note = gateway.call("/log/checkpoint")
            if status == 200 and int(note.split(b"\n", 2)[1]) >= events:
                return
            time.sleep(0.02)
        raise Failed(f"the log of {events} events was not sealed within {limit} s")

    def copy(self, form):
        begin = time.perf_counter()
        self.cluster.sql(
            f"COPY (SELECT * FROM ledger.events WHERE log_id = 0) TO '/dev/null' (FORMAT {form});", "whole"
        )
        return time.perf_counter() - begin

    def export(self, gateway, events):
        """GET /v1/export, read and thrown away but for its last line, which must count the events."""
        begin = time.perf_counter()
        connection = gateway.connect(120)
        try:
            connection.request("GET", "/v1/export", headers={"Authorization": f"Bearer {gateway.key}"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise Failed(f"/v1/export answered {answer.status}: {answer.read()[:300]!r}")
            tail = b""
            while piece := answer.read(1 << 20):
                tail = (tail + piece)[-65_536:]
        finally:
            connection.close()
        seconds = time.perf_counter() - begin
        last = json.loads(tail.rstrip(b"\n").rsplit(b"\n", 1)[-1])
        if last["type"] != "ledger.checkpoint.v1" or last["data"]["position"] != events:
            raise Failed(f"the export of {events} events ends with {str(last)[:600]}")
        return seconds

    def export_command(self, gateway, *options):
        """`replay`, whose output goes nowhere."""
        command = [self.suite.program, "replay", *(options or ("--export", "-"))]
        environment = clean_environment() | {
            "LEDGER_HOME": self.cluster.home.directory,
            "LEDGER_PUBLIC_URL": f"http://127.0.0.1:{gateway.port}",
            "LEDGER_ROOT_KEY_FILE": f"{self.cluster.home.directory}/keys/root.key",
        }  # fmt: skip
        return Child(command, environment, limit=1800, output=os.devnull).seconds

    def verify(self, events, settings, *options):
        environment = clean_environment() | self.cluster.home.keys | settings | {
            "LEDGER_HOME": self.cluster.home.directory,
            "LEDGER_DATABASE_URL": self.cluster.url(GATEWAY_ROLE, "whole"),
        }  # fmt: skip
        done = Child([self.suite.program, "verify", "--json", *options], environment, limit=1800)
        report = json.loads(done.output)
        if not report["sound"] or report["events"] != events or report["sealed_size"] != events:
            raise Failed(f"verify of {events} events says {done.output.strip()[:600]}")
        return done.seconds
