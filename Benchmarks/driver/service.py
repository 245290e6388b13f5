"""The programs under measurement: `up`, a PostgreSQL on the cluster that `up` made, `serve` and `project`."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time

from . import machine

GATEWAY_ROLE = "ledger_service_gateway"
PROJECTOR_ROLE = "ledger_service_projector"


class Failed(Exception):
    """A benchmark that cannot go on, with the reason in a line."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tail(path, lines=5):
    try:
        with open(path, errors="replace") as file:
            return "\n".join(file.read().splitlines()[-lines:])
    except OSError:
        return ""


def end(process, first=signal.SIGTERM, patience=30):
    """Asks a child to end, and insists when it does not."""
    for number, seconds in ((first, patience), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


class Program:
    """A child in a session of its own, so that Ctrl-C reaches the driver alone, which then ends it in order."""

    def __init__(self, name, command, log, environment=None):
        self.name, self.log = name, log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def pid(self):
        return self.process.pid

    def check(self):
        if self.process.poll() is not None:
            raise Failed(f"{self.name} ended with {self.process.returncode}:\n{tail(self.log)}")

    def stop(self):
        end(self.process)


class HTTPProgram(Program):
    """A program that answers HTTP on a port of 127.0.0.1."""

    def __init__(self, name, command, log, environment, port, key=None):
        self.port, self.key = port, key
        self.started = time.perf_counter()
        super().__init__(name, command, log, environment)

    def wait_ready(self, limit=60):
        """Seconds from the start of the process to its first 200 of /health/ready."""
        deadline = self.started + limit
        while time.perf_counter() < deadline:
            self.check()
            try:
                if self.call("/health/ready")[0] == 200:
                    return time.perf_counter() - self.started
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.001)
        raise Failed(f"{self.name} was not ready within {limit} s:\n{tail(self.log)}")

    def call(self, path, timeout=10):
        connection = self.connect(timeout)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.key}"} if self.key else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def lag(self):
        """How far the projections are behind: events and seconds, of the one that is furthest."""
        status, body = self.call("/v1/projections")
        if status != 200:
            raise Failed(f"/v1/projections answered {status}: {body[:300]!r}")
        items = json.loads(body)["items"]
        return max(item["lag_events"] for item in items), max(item["lag_seconds"] for item in items)

    def wait_projected(self, limit=120):
        """Seconds until the projections have everything."""
        begin = time.monotonic()
        while time.monotonic() - begin < limit:
            if self.lag()[0] == 0:
                return time.monotonic() - begin
            time.sleep(0.02)
        raise Failed(f"the projections did not catch up within {limit} s")


def clean_environment():
    """Ours without settings of the service; what a developer has in the shell must not change a figure."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEDGER_", "PG"))}
    if "LEDGER_POSTGRES_BIN" in os.environ:
        kept["LEDGER_POSTGRES_BIN"] = os.environ["LEDGER_POSTGRES_BIN"]
    return kept


class Home:
    """A LEDGER_HOME, and what `up` keeps there."""

    def __init__(self, directory, program):
        self.directory, self.program = directory, program

    def up(self, log):
        """Starts `account-ledger up` as a user would."""
        port = free_port()
        environment = clean_environment() | {"LEDGER_HOME": self.directory, "LEDGER_HTTP_PORT": str(port)}
        return HTTPProgram("up", [self.program, "up"], log, environment, port)

    @property
    def root_key(self):
        with open(f"{self.directory}/keys/root.key") as file:
            return file.read().strip()

    @property
    def keys(self):
        return {
            "LEDGER_MASTER_KEY_FILE": f"{self.directory}/keys/master.key",
            "LEDGER_KEYRING_FILE": f"{self.directory}/keys/keyring.json",
        }

    @property
    def signing_key(self):
        return {"LEDGER_SIGNING_KEY_FILE": f"{self.directory}/keys/signing.key"}

    @property
    def cluster(self):
        """Where the cluster lies: in the home, or elsewhere when the server's user cannot enter it."""
        try:
            with open(f"{self.directory}/cluster") as file:
                return os.path.join(self.directory, file.readline().strip())
        except OSError:
            return None


def stop_server(data):
    """Ends the server of a data directory that somebody else may have left running."""
    try:
        with open(f"{data}/postmaster.pid") as file:
            pid = int(file.readline())
        if os.path.realpath(f"/proc/{pid}/cwd") != os.path.realpath(data):
            return
        os.kill(pid, signal.SIGINT)
    except (OSError, ValueError):
        return
    deadline = time.monotonic() + 20
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.05)


class Cluster(Program):
    """The server of the cluster that `up` made, with its settings but room for the connections of the peers."""

    def __init__(self, home, binaries, sockets, log, connections=400):
        self.home, self.binaries, self.sockets = home, binaries, sockets
        base = home.cluster
        owner = os.stat(f"{base}/data")
        command = [
            f"{binaries}/postgres", "-D", f"{base}/data",
            "-c", f"config_file={base}/postgresql.conf",
            "-c", f"unix_socket_directories={sockets}",
            "-c", f"max_connections={connections}",
        ]  # fmt: skip
        os.mkdir(sockets, 0o700)
        if os.geteuid() == 0:
            os.chown(sockets, owner.st_uid, owner.st_gid)
            command = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups", *command]
        super().__init__("postgres", command, log, clean_environment())
        deadline = time.monotonic() + 60
        while not self._answers():
            self.check()
            if time.monotonic() > deadline:
                raise Failed(f"PostgreSQL did not start:\n{tail(log)}")
            time.sleep(0.02)

    def stop(self):
        end(self.process, signal.SIGINT)

    def _answers(self):
        return subprocess.run(
            [f"{self.binaries}/pg_isready", "-q", "-h", self.sockets], env=clean_environment(), check=False
        ).returncode == 0  # fmt: skip

    def url(self, role, database):
        return f"postgresql://{role}@/{database}?host={self.sockets.replace('/', '%2F')}&port=5432"

    def sql(self, text, database="postgres"):
        """Runs statements as superuser; the rows as lists of texts."""
        done = subprocess.run(
            [f"{self.binaries}/psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1",
             "-h", self.sockets, "-U", "postgres", "-d", database],
            input=text, capture_output=True, text=True, env=clean_environment(), check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Failed(f"PostgreSQL refused: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def copy(self, template, database):
        """A log of its own with everything the other one holds; nobody may be connected to that one."""
        self.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE);\nCREATE DATABASE {database} TEMPLATE {template};")

    def serve(self, database, log, **settings):
        """A gateway, ready; `settings` are more of its environment."""
        port = free_port()
        environment = clean_environment() | self.home.keys | {
            "LEDGER_HOME": self.home.directory,
            "LEDGER_DATABASE_URL": self.url(GATEWAY_ROLE, database),
            "LEDGER_ROOT_KEY_FILE": f"{self.home.directory}/keys/root.key",
            "LEDGER_HTTP_PORT": str(port),
        } | settings  # fmt: skip
        program = [self.home.program, "serve"]
        gateway = HTTPProgram(f"serve ({database})", program, log, environment, port, self.home.root_key)
        try:
            gateway.wait_ready()
        except BaseException:
            gateway.stop()
            raise
        return gateway

    def project(self, database, log):
        environment = clean_environment() | self.home.keys | {
            "LEDGER_HOME": self.home.directory,
            "LEDGER_PROJECTOR_URL": self.url(PROJECTOR_ROLE, database),
        }  # fmt: skip
        return Program(f"project ({database})", [self.home.program, "project"], log, environment)

    def head(self, database):
        return int(self.sql("SELECT coalesce(max(position), 0) FROM ledger.events WHERE log_id = 0;", database)[0][0])

    def processor_seconds(self):
        return machine.family_seconds(self.pid)
