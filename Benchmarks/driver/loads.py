"""The loads. Each runs for some seconds and answers with rate, latencies, errors and processor time."""

import itertools
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

from . import machine
from .service import Failed, clean_environment, end

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAYLOAD = 300
# Sets the names of one run apart from those of all others, on whatever copy of the log.
RUNS = itertools.count(1)


def percentile(latencies, share):
    return latencies[min(len(latencies) - 1, int(len(latencies) * share))] if latencies else 0.0


class Meter:
    """Processor time of the processes under load, from one moment to another."""

    def __init__(self, **readers):
        self.readers = readers
        self.before = {name: read() for name, read in readers.items()}

    def per_command(self, count, load_seconds):
        """Microseconds of each process for one command."""
        spent = {name: read() - self.before[name] for name, read in self.readers.items()}
        spent["load"] = load_seconds
        return {name: seconds / max(1, count) * 1e6 for name, seconds in spent.items()}


class Child:
    """A load generator: what it printed, and its processor time. It never outlives the call.

    With `output`, that is where it printed to.
    """

    def __init__(self, command, environment=None, limit=180, output=None):
        with (
            open(output, "w+b") if output else tempfile.TemporaryFile() as output,
            tempfile.TemporaryFile() as errors,
        ):
            before, begin = os.times(), time.perf_counter()
            process = subprocess.Popen(
                command, env=environment or clean_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                start_new_session=True,
            )  # fmt: skip
            try:
                process.wait(limit)
            except BaseException:
                end(process, patience=2)
                raise
            after, self.seconds = os.times(), time.perf_counter() - begin
            self.processor_seconds = (
                after.children_user - before.children_user + after.children_system - before.children_system
            )
            output.seek(0)
            errors.seek(0)
            self.output = output.read().decode(errors="replace")
            self.errors = errors.read().decode(errors="replace")
        if process.returncode != 0:
            name = os.path.basename(command[0])
            said = (self.errors or self.output).strip()[-600:]
            raise Failed(f"{name} ended with {process.returncode}: {said}")


class Ring:
    """The accounts that one thing is done to again and again, and how often it was.

    `routes` has, for each kind of load, what makes the path and the credential of an account's id.
    """

    def __init__(self, cluster, database, ids, routes, events="backup.%"):
        self.cluster, self.database, self.ids, self.routes = cluster, database, ids, routes
        # A ring's accounts get nothing else; what else stands in their streams came before the first.
        self.base = {
            row[0]: int(row[1])
            for row in cluster.sql(
                f"""
                SELECT stream_id, count(*) FILTER (WHERE event_type NOT LIKE '{events}') FROM ledger.events
                 WHERE log_id = 0 AND stream_id = ANY ('{{{",".join(self.ids)}}}') GROUP BY 1;
                """,
                database,
            )
        }

    @classmethod
    def of_created(cls, cluster, database, key, size=4096):
        """Accounts that the log holds already, for root to put backups to."""
        rows = cluster.sql(
            f"""
            SELECT stream_id FROM ledger.events WHERE log_id = 0 AND version = 1 AND event_type LIKE 'account.created.%'
             ORDER BY stream_id LIMIT {size};
            """,
            database,
        )
        if len(rows) < 1024:
            raise Failed(f"only {len(rows)} accounts were created in {database}")
        routes = {"put": lambda name: (f"/v1/accounts/{name}/backup", f"Bearer {key}")}
        return cls(cluster, database, [row[0] for row in rows], routes)

    def write_versions(self, path, kind):
        rows = self.cluster.sql(
            f"""
            SELECT r.id, (SELECT e.version FROM ledger.events e WHERE e.log_id = 0 AND e.stream_id = r.id
                           ORDER BY e.version DESC LIMIT 1)
              FROM unnest('{{{",".join(self.ids)}}}'::uuid[]) AS r (id);
            """,
            self.database,
        )
        with open(path, "w") as file:
            for name, version in rows:
                target, credential = self.routes[kind](name)
                file.write(f"{target}\t{credential}\t{int(version) - self.base[name]}\n")


class Loads:
    """Everything that can be run against one cluster."""

    def __init__(self, directory, cluster, python=None, appender=None):
        self.directory, self.cluster, self.python, self.appender = directory, cluster, python, appender

    def wrk(self, kind, gateway, connections, seconds, file="-", meter=None, pace=None):
        """HTTP requests of one kind: `connections` are outstanding all the time, or `pace` a second are sent."""
        threads = 1 if connections == 1 else 2
        meter = meter or Meter(gateway=lambda: machine.processor_seconds(gateway.pid))
        done = Child(
            ["wrk", f"-t{threads}", f"-c{connections}", f"-d{int(seconds)}s", "--timeout", "10s", "--latency",
             "-s", f"{HERE}/load.lua", f"http://127.0.0.1:{gateway.port}/", "--",
             kind, gateway.key or "none", file, f"b{os.getpid()}-{next(RUNS)}", str(PAYLOAD), str(threads),
             *([str(pace)] if pace else [])],
        )  # fmt: skip
        lines = [line for line in done.output.splitlines() if line.startswith("RESULT ")]
        if not lines:
            raise Failed(f"wrk gave no result: {(done.output + done.errors).strip()[-600:]}")
        result = json.loads(lines[-1].removeprefix("RESULT "))
        count = result["requests"] - result["refused"]
        gateway.check()
        return {
            "count": count,
            "rate": count / result["seconds"],
            "p50_ms": result["p50_ms"],
            "p99_ms": result["p99_ms"],
            "errors": result["refused"] + result["broken"],
            "cpu_us": meter.per_command(count, done.processor_seconds),
        }

    def command(self, kind, gateway, database, connections, seconds, ring=None, projector=None):
        """Durable commands over HTTP, and a check that the log grew by as many events as were acknowledged."""
        file = "-"
        if ring:
            file = f"{self.directory}/ring"
            ring.write_versions(file, kind)
        head = self.cluster.head(database)
        readers = {
            "gateway": lambda: machine.processor_seconds(gateway.pid),
            "postgres": self.cluster.processor_seconds,
        }
        watch = None
        if projector:
            readers["projector"] = lambda: machine.processor_seconds(projector.pid)
            watch = LagWatch(gateway)
        try:
            result = self.wrk(kind, gateway, connections, seconds, file, Meter(**readers))
        finally:
            if watch:
                watch.stop()
        if watch:
            result["lag_seconds"] = watch.worst
            result["catch_up_seconds"] = gateway.wait_projected()
        grown = self.cluster.head(database) - head
        result["events"] = grown
        # What was under way when wrk hung up may stand or not; nothing else may differ.
        if not result["count"] <= grown <= result["count"] + connections + 2:
            result["errors"] += abs(grown - result["count"])
            result["note"] = f"{result['count']} answers for {grown} events"
        return result

    def get(self, gateway, connections, seconds, paths, pace=None):
        file = f"{self.directory}/paths"
        with open(file, "w") as output:
            output.writelines(f"{path}\n" for path in paths)
        meter = Meter(
            gateway=lambda: machine.processor_seconds(gateway.pid), postgres=self.cluster.processor_seconds
        )  # fmt: skip
        return self.wrk("get", gateway, connections, seconds, file, meter, pace)

    def pgbench(self, clients, seconds):
        """Single-row INSERTs, each a transaction of its own."""
        place = tempfile.mkdtemp(dir=self.directory)
        try:
            meter = Meter(postgres=self.cluster.processor_seconds)
            text = '{"data":"' + "b" * (PAYLOAD - 11) + '"}'
            done = Child(
                [f"{self.cluster.binaries}/pgbench", "-n", "-M", "prepared", "-c", str(clients),
                 "-j", str(min(2, clients)), "-T", str(int(seconds)), "-f", f"{HERE}/peers/pgbench_insert.sql",
                 "-D", f"payload={text}", "-l", "--log-prefix", f"{place}/log",
                 "-h", self.cluster.sockets, "-U", "postgres", "bench"],
            )  # fmt: skip
            latencies = []
            for name in os.listdir(place):
                with open(f"{place}/{name}") as file:
                    latencies += [int(line.split(" ", 3)[2]) for line in file]
            latencies.sort()
            rates = [line.split()[2] for line in done.output.splitlines() if line.startswith("tps = ")]
            if not rates:
                raise Failed(f"pgbench gave no rate: {done.output[-300:]}")
            return {
                "count": len(latencies),
                "rate": float(rates[-1]),
                "p50_ms": percentile(latencies, 0.5) / 1e3,
                "p99_ms": percentile(latencies, 0.99) / 1e3,
                "errors": 0,
                "cpu_us": meter.per_command(len(latencies), done.processor_seconds),
            }
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def eventsourcing(self, threads, seconds, processes=1):
        """The PyPI package `eventsourcing`, one event a call."""
        meter = Meter(postgres=self.cluster.processor_seconds)
        done = Child(
            [self.python, f"{HERE}/peers/python_eventsourcing.py", "--host", self.cluster.sockets, "--dbname", "bench",
             "--threads", str(threads), "--processes", str(processes), "--seconds", str(seconds),
             "--payload", str(PAYLOAD)],
        )  # fmt: skip
        return self._own_report(done, meter)

    def alone(self, database, outstanding, seconds=None, accounts=4096, puts=None, seal=False):
        """The appender in process, with a sealer beside it if wanted; with `puts` it fills a log, whatever the time."""
        environment = clean_environment() | self.cluster.home.keys | {
            "LEDGER_DATABASE_URL": self.cluster.url("ledger_service_gateway", database)
        }  # fmt: skip
        amount = ["--puts", str(puts)] if puts else ["--seconds", str(seconds)]
        meter = Meter(postgres=self.cluster.processor_seconds)
        done = Child(
            [self.appender, "--outstanding", str(outstanding), "--accounts", str(accounts), "--payload", str(PAYLOAD),
             *amount, *(["--seal"] if seal else [])],
            environment, limit=1800,
        )  # fmt: skip
        result = self._own_report(done, meter)
        if seal:
            report = json.loads(done.output.strip().splitlines()[-1])
            if not report["checkpoints"]:
                raise Failed(f"nothing was sealed in {database}: {done.errors.strip()[-300:]}")
            result["seal_lag_seconds"] = report["seal_lag_ms"] / 1e3
            result["checkpoints"] = report["checkpoints"]
        # Making the accounts is in PostgreSQL's time but not in the program's own, so that share is not shown.
        del result["cpu_us"]["postgres"]
        return result

    def replayed_by_eventsourcing(self, events):
        """How long the PyPI package takes to read so many events, which it was given before."""
        done = Child(
            [self.python, f"{HERE}/peers/python_eventsourcing.py", "--host", self.cluster.sockets, "--dbname", "bench",
             "--replay", str(events), "--payload", str(PAYLOAD)],
            limit=1800,
        )  # fmt: skip
        report = json.loads(done.output.strip().splitlines()[-1])
        if report["count"] != events:
            raise Failed(f"the Python package replayed {report['count']} of {events} events")
        return report["seconds"]

    @staticmethod
    def _own_report(done, meter):
        report = json.loads(done.output.strip().splitlines()[-1])
        result = {name: report[name] for name in ("count", "rate", "p50_ms", "p99_ms")}
        result["errors"] = report.get("errors", 0)
        if report.get("first_error"):
            result["note"] = report["first_error"]
        result["cpu_us"] = meter.per_command(result["count"], report["cpu_seconds"])
        return result


class LagWatch:
    """Asks a gateway four times a second how far its projections are behind, and remembers the worst answer."""

    def __init__(self, gateway):
        self.worst = 0.0
        self._gateway = gateway
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._ended.wait(0.25):
            try:
                self.worst = max(self.worst, self._gateway.lag()[1])
            except (OSError, Failed, ValueError):
                time.sleep(0.1)

    def stop(self):
        self._ended.set()
        self._thread.join()
