"""Readings of the machine and its processes, from /proc."""

import os
import platform
import re
import shutil
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def _processor_times():
    with open("/proc/stat") as file:
        numbers = [int(text) for text in file.readline().split()[1:9]]
    total = sum(numbers)
    return total - numbers[3] - numbers[4], total


def settle(limit=3.0, busy=0.15):
    """Waits until the processors are nearly idle; what a run left behind is not the next one's."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = _processor_times()
        time.sleep(0.2)
        after = _processor_times()
        if after[0] - before[0] < busy * max(1, after[1] - before[1]):
            return


def _stat(pid):
    """Parent, own processor seconds and those of its ended children; None for a process that is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    own, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return int(fields[1]), own / TICKS, ended / TICKS


def processor_seconds(pid):
    """User and system time of one process."""
    stat = _stat(pid)
    return stat[1] if stat else 0.0


def family_seconds(pid):
    """The same of a process and all its children, those that have ended included."""
    own = _stat(pid)
    if own is None:
        return 0.0
    total = own[1] + own[2]
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = _stat(name)
            if stat and stat[0] == pid:
                total += stat[1] + stat[2]
    return total


def memory(pid):
    """Resident set and its highest value so far, in MB."""
    values = {}
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith(("VmRSS:", "VmHWM:")):
                name, number = line.split()[:2]
                values[name] = int(number) * 1024 / 1e6
    return values["VmRSS:"], values["VmHWM:"]


def filesystem(path):
    """The type of the file system that holds a path."""
    return subprocess.run(
        ["stat", "--file-system", "--format=%T", path], capture_output=True, text=True, check=False
    ).stdout.strip()


def postgres_bin():
    """The directory of PostgreSQL's programs: the newest installed, as `up` chooses it."""
    given = os.environ.get("LEDGER_POSTGRES_BIN")
    if given:
        return given
    root = "/usr/lib/postgresql"
    versions = [name for name in (os.listdir(root) if os.path.isdir(root) else []) if name.isdigit()]
    for version in sorted(versions, key=int, reverse=True):
        directory = f"{root}/{version}/bin"
        if os.path.exists(f"{directory}/postgres") and os.path.exists(f"{directory}/pgbench"):
            return directory
    found = shutil.which("postgres")
    return os.path.dirname(os.path.realpath(found)) if found else None


def description(directory):
    """What a reader must know of the machine to compare two results."""
    with open("/proc/cpuinfo") as file:
        models = re.findall(r"^model name\s*:\s*(.*)$", file.read(), re.MULTILINE)
    with open("/proc/meminfo") as file:
        total = int(file.readline().split()[1])
    return {
        "processors": os.cpu_count(),
        "model": models[0] if models else platform.machine(),
        "memory_mb": round(total / 1024),
        "kernel": platform.release(),
        "filesystem": filesystem(directory),
    }
