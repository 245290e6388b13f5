"""The order of a benchmark: what is started, what is measured, round by round."""

import os
import shutil
import statistics
import sys
import time

from . import machine
from .doors import Doors
from .loads import HERE, Loads, Ring
from .service import Cluster, Failed, Home, stop_server


def median(rows):
    """The median of each figure over the rounds; rates with their range."""
    result = {name: statistics.median(row[name] for row in rows) for name in ("rate", "p50_ms", "p99_ms")}
    result["rate_min"] = min(row["rate"] for row in rows)
    result["rate_max"] = max(row["rate"] for row in rows)
    result["p99_to_p50"] = statistics.median(row["p99_ms"] / max(row["p50_ms"], 1e-9) for row in rows)
    result["errors"] = sum(row["errors"] for row in rows)
    result["rounds"] = len(rows)
    for name in ("lag_seconds", "catch_up_seconds", "seal_lag_seconds"):
        if name in rows[0]:
            result[name] = max(row[name] for row in rows)
    cpu = [row["cpu_us"] for row in rows]
    result["cpu_us"] = {name: statistics.median(one[name] for one in cpu) for name in cpu[0]}
    return result


class Suite:
    """One benchmark; whatever it starts is ended by `cleanup`, last come first gone."""

    def __init__(self, given, directory, program, binaries, python, appender, cleanup):
        self.given, self.directory, self.program, self.binaries = given, directory, program, binaries
        self.python, self.appender, self.cleanup = python, appender, cleanup
        self.postgres_version = None

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def log(self, name):
        return f"{self.directory}/{name}.log"

    # What every mode begins with

    def start_up(self, repeats, burst=True):
        """Start-up times and memory of `up`, in fresh homes; the first one's cluster is used for all that follows."""
        first, warm = [], []
        homes = []
        for number in range(repeats):
            directory = f"{self.directory}/home{number}"
            # `up` makes its home itself, private; the server's user must be able to pass through this one.
            os.mkdir(directory)
            os.chmod(directory, 0o755)
            home = Home(directory, self.program)
            homes.append(home)
            self.cleanup.callback(self.clear, home)
            machine.settle()
            first.append(self.time_of_start(home))
            machine.settle()
            warm.append(self.time_of_start(home))
        idle, loaded, peak = self.memory(homes[0], burst)
        for home in homes[1:]:
            self.clear(home)
        self.say(f"start-up: first {statistics.median(first):.2f} s, again {statistics.median(warm):.2f} s")
        self.say(f"memory of up: idle {idle:.0f} MB" + (f", after load {loaded:.0f} MB" if burst else ""))
        return homes[0], {
            "first_start_seconds": statistics.median(first), "first_start_all": first,
            "start_seconds": statistics.median(warm), "start_all": warm,
            "idle_mb": idle, **({"loaded_mb": loaded, "peak_mb": peak} if burst else {}),
        }  # fmt: skip

    def time_of_start(self, home):
        up = home.up(self.log("up"))
        try:
            return up.wait_ready()
        finally:
            up.stop()

    def memory(self, home, burst):
        """The resident set of `up`: two seconds after its start, and after a burst of creations if that is wanted."""
        up = home.up(self.log("up"))
        try:
            up.wait_ready()
            up.key = home.root_key
            time.sleep(2)
            idle, _ = machine.memory(up.pid)
            if burst:
                Loads(self.directory, None).wrk("create", up, 64, self.given.seconds)
                up.wait_projected()
            loaded, peak = machine.memory(up.pid)
            return idle, loaded, peak
        finally:
            up.stop()

    def clear(self, home):
        """Takes away a cluster that lies outside the directory of the run."""
        base = home.cluster
        if base is None:
            return
        stop_server(f"{base}/data")
        if not os.path.realpath(base).startswith(os.path.realpath(self.directory) + "/"):
            shutil.rmtree(base, ignore_errors=True)
            # Later starts of the same home must not look for it.
            os.unlink(f"{home.directory}/cluster")

    def start_cluster(self, home):
        sockets = f"{self.directory}/s"
        if len(f"{sockets}/.s.PGSQL.5432") > 107:
            raise Failed(f"{self.directory} is too long a path for a socket; name a shorter one with --directory")
        cluster = Cluster(home, self.binaries, sockets, self.log("postgres"))
        self.cleanup.callback(cluster.stop)
        rows = cluster.sql("SHOW server_version; SHOW fsync; SHOW synchronous_commit; SHOW full_page_writes;")
        self.postgres_version = rows[0][0]
        if [row[0] for row in rows[1:]] != ["on"] * 3:
            raise Failed(f"the cluster is not durable: fsync, synchronous_commit, full_page_writes are {rows[1:]}")
        return cluster

    def serve(self, cluster, database):
        gateway = cluster.serve(database, self.log(f"serve-{database}"))
        self.cleanup.callback(gateway.stop)
        return gateway

    # The comparison

    def compare(self):
        given = self.given
        home, start = self.start_up(1 if given.quick else 3)
        cluster = self.start_cluster(home)
        # Four logs: one that nobody projects, one with projectors, one for the appender without a gateway, one that all
        # doors are used on.
        for name in ("bare", "alone", "doors"):
            cluster.copy("ledger", name)
        cluster.sql("CREATE DATABASE bench;")
        with open(f"{HERE}/peers/pgbench_schema.sql") as file:
            cluster.sql(file.read(), "bench")
        bare = self.serve(cluster, "bare")
        projected = self.serve(cluster, "ledger")
        projector = cluster.project("ledger", self.log("project"))
        self.cleanup.callback(projector.stop)
        loads = Loads(self.directory, cluster, self.python, self.appender)

        self.say("warming up")
        rings = {}
        for gateway, database in ((bare, "bare"), (projected, "ledger")):
            self.checked("warm-up, create", loads.command("create", gateway, database, 64, 1))
            rings[database] = Ring.of_created(cluster, database, gateway.key)
            self.checked("warm-up, put", loads.command("put", gateway, database, 64, 1, rings[database]))
        projected.wait_projected()
        paths = [f"/v1/accounts/{name}" for name in rings["ledger"].ids]
        self.checked("warm-up, get", loads.get(projected, 64, 1, paths))

        seconds, clients = given.seconds, given.clients
        widest = 64 if 64 in clients else max(clients)
        runs = []  # (name, clients, whether it takes part in the extra rounds, what runs)

        def wanted(name, count):
            return given.only is None or given.only in f"{name} {count}"

        def add(name, count, run, extra=False):
            if wanted(name, count):
                runs.append((name, count, extra, run))

        for count in clients:
            core = count == widest
            add("pgbench", count, lambda n=count: loads.pgbench(n, seconds), core)
            add("put", count, lambda n=count: loads.command("put", bare, "bare", n, seconds, rings["bare"]), core)
            if core or not given.quick:
                add(
                    "put, projected", count,
                    lambda n=count: loads.command(
                        "put", projected, "ledger", n, seconds, rings["ledger"], projector), core,
                )  # fmt: skip
                add("create", count, lambda n=count: loads.command("create", bare, "bare", n, seconds), core)
                if self.appender:
                    add("appender", count, lambda n=count: loads.alone("alone", n, seconds), core)
                add("get", count, lambda n=count: loads.get(projected, n, seconds, paths))
                add("constant", count, lambda n=count: loads.get(projected, n, seconds, ["/health/live"]))
        add(
            "create, projected", widest,
            lambda: loads.command("create", projected, "ledger", widest, seconds, projector=projector),
        )  # fmt: skip
        if any(wanted(name, Doors.CLIENTS) for name in Doors.RUNS):
            doors = Doors(self, cluster, loads)
            for name in Doors.RUNS:
                add(name, Doors.CLIENTS, lambda run=name: doors.run(run), True)
        if self.python:
            for count in [2] if given.quick else sorted({2, *clients}):
                add("python", count, lambda n=count: loads.eventsourcing(n, seconds))
            if not given.quick:
                add("python, 2 processes", 2, lambda: loads.eventsourcing(1, seconds, processes=2))

        rows = self.rounds(runs)
        return self.results(rows) | {"start": start}

    def rounds(self, runs):
        """Each round visits each run once, so that a slow minute is spread over all of them."""
        rows = {}
        total = self.given.rounds + self.given.extra_rounds
        for number in range(total):
            for name, count, extra, run in runs:
                if number >= self.given.rounds and not extra:
                    continue
                machine.settle()
                row = self.checked(f"{name}, {count}", run())
                rows.setdefault((name, count), []).append(row)
                self.say(
                    f"round {number + 1}/{total}  {name + ', ' + str(count):<24} {row['rate']:>9,.0f}/s"
                    f"  p50 {row['p50_ms']:8.3f} ms  p99 {row['p99_ms']:8.3f} ms"
                )
        return rows

    def checked(self, name, row):
        if row["errors"]:
            self.say(f"{name}: {row['errors']} errors {row.get('note', '')}")
        return row

    @staticmethod
    def results(rows):
        return {
            "runs": [
                {"name": name, "clients": count, **median(some), "all": some} for (name, count), some in rows.items()
            ],
            "errors": sum(row["errors"] for some in rows.values() for row in some),
        }  # fmt: skip

    # The growth of the log

    def grow(self):
        if self.appender is None:
            raise Failed("--grow needs it: swift build -c release --product AppenderBenchmark")
        home, start = self.start_up(1, burst=False)  # the log must be empty
        cluster = self.start_cluster(home)
        loads = Loads(self.directory, cluster, appender=self.appender)
        cluster.sql("CREATE DATABASE empty TEMPLATE ledger;")
        cluster.copy("empty", "young")
        cluster.copy("empty", "grown")
        self.say("filling a log with 10 thousand events and one with 1 million")
        loads.alone("young", 64, accounts=2000, puts=8_000)
        loads.alone("grown", 256, accounts=100_000, puts=900_000)
        cluster.sql("VACUUM ANALYZE;", "grown")
        cluster.sql("VACUUM ANALYZE;", "young")
        sizes = {name: cluster.head(name) for name in ("young", "grown")}
        self.say(f"they hold {sizes['young']:,} and {sizes['grown']:,} events")
        rows = {}
        for number in range(self.given.rounds):
            # Both begin each round in the same state: a fresh gateway on a copy, since a run alone is ten times 10
            # thousand events. The large one is not copied: it grows by a tenth.
            cluster.copy("young", "small")
            for name, database in (("10 thousand", "small"), ("1 million", "grown")):
                gateway = cluster.serve(database, self.log(f"serve-{database}"))
                try:
                    ring = Ring.of_created(cluster, database, gateway.key, size=2000)
                    loads.command("put", gateway, database, 64, 1, ring)
                    machine.settle()
                    row = self.checked(name, loads.command("put", gateway, database, 64, self.given.seconds, ring))
                finally:
                    gateway.stop()
                rows.setdefault((f"put at {name} events", 64), []).append(row)
                self.say(f"round {number + 1}/{self.given.rounds}  at {name:<12} {row['rate']:>9,.0f}/s")
        return self.results(rows) | {"start": start, "sizes": sizes}
