"""Goals, and what is printed and written."""

import json
import os


class Figures:
    """The medians by name and number of clients."""

    def __init__(self, results):
        self.runs = {(run["name"], run["clients"]): run for run in results["runs"]}
        self.start = results.get("start") or {}
        self.passes = {one["name"]: one for one in results.get("passes", [])}

    def of(self, name, clients, figure="rate"):
        run = self.runs.get((name, clients))
        return run[figure] if run else None

    def ratio(self, ours, theirs, clients, figure="rate"):
        return quotient(self.of(ours, clients, figure), self.of(theirs, clients, figure))

    def pace(self, name):
        """Events a second of one pass over the whole log."""
        return self.passes[name]["rate"] if name in self.passes else None

    def best(self, prefix):
        rates = [run["rate"] for (name, _), run in self.runs.items() if name.startswith(prefix)]
        return max(rates, default=None)


def quotient(one, other):
    return one / other if one is not None and other else None


def difference(one, other):
    return one - other if one is not None and other is not None else None


def judge(results):
    """The goals that this run has figures for: value, bound, and what is aimed at beyond it."""
    f = Figures(results)
    rows = []

    def goal(what, value, unit="", least=None, most=None, aim=None):
        if value is None:
            return
        bound = least if least is not None else most
        met = value >= least if least is not None else value <= most if most is not None else None
        reached = None if aim is None else value >= aim if most is None else value <= aim
        rows.append(
            {"what": what, "value": value, "unit": unit, "bound": bound,
             "kind": "least" if most is None else "most", "met": met, "aim": aim, "aim_met": reached}
        )  # fmt: skip

    goal("backup puts at 64 / pgbench at 64", f.ratio("put", "pgbench", 64), least=0.8, aim=1.2)
    goal("account creations at 64 / pgbench at 64", f.ratio("create", "pgbench", 64), least=0.5, aim=0.7)
    goal("backup puts at 256 / pgbench at 256", f.ratio("put", "pgbench", 256), least=1.6, aim=2.4)
    goal("account creations at 256 / pgbench at 256", f.ratio("create", "pgbench", 256), least=1.0, aim=1.4)
    puts = f.best("put") if f.best("python") else None
    goal("best backup puts / best of Python eventsourcing", quotient(puts, f.best("python")), least=6)
    goal("backup puts at 64 / best of Python eventsourcing", quotient(f.of("put", 64), f.best("python")), least=6)
    goal("appender alone at 64 / pgbench at 64", f.ratio("appender", "pgbench", 64), least=1.4)
    goal(
        "one lone put: p50 over pgbench's", difference(f.of("put", 1, "p50_ms"), f.of("pgbench", 1, "p50_ms")), "ms",
        most=0.9,
    )  # fmt: skip
    goal("GET of an account at 64 / constant route", f.ratio("get", "constant", 64), least=0.45, aim=0.6)
    goal("backup puts at 64 with projectors / without", f.ratio("put, projected", "put", 64), least=2 / 3)
    goal("projectors behind a full append load, at most", f.of("put, projected", 64, "lag_seconds"), "s", most=2)
    goal("p99 / p50 of backup puts at 64", f.of("put", 64, "p99_to_p50"), most=2.5)
    goal("memory of idle up", f.start.get("idle_mb"), "MB", most=80)
    goal("start of up, cluster exists", f.start.get("start_seconds"), "s", most=1)
    goal("start of up, cluster is made", f.start.get("first_start_seconds"), "s", most=4)
    for what, ours, theirs in (
        ("PATCH of remotesAuth at m-ld's door / native", "remotesAuth, m-ld", "remotesAuth, native"),
        ("backup puts at Misakey's door / native", "backup, Misakey", "backup, native"),
    ):
        goal(what, f.ratio(ours, theirs, 64), least=0.85)
    beside, without = (f.of(name, 64, "p99_ms") for name in ("get, half load, slow work", "get, half load"))
    goal("p99 of GET at half load beside slow work, over without", difference(beside, without), "ms", most=20)
    grown, young = f.of("put at 1 million events", 64), f.of("put at 10 thousand events", 64)
    goal("puts at 1 million events / at 10 thousand", quotient(grown, young), least=0.85)
    rebuild = f.pace("rebuild of accounts")
    slices, large = f.pace("upserts by SQL in slices of 1,000"), f.pace("upserts by SQL in slices of 10,000")
    goal("rebuild / SQL that folds and upserts in batches of 1,000", quotient(rebuild, slices), least=5)
    goal("rebuild / the same in batches of 10,000, SQL's best", quotient(rebuild, large), aim=5)
    projector = f.pace("projector from the first event")
    goal("rebuild / the projector, which folds and upserts in batches", quotient(rebuild, projector), least=5)
    goal("rebuild / as many upserts of finished rows in batches", quotient(rebuild, f.pace("upserts of finished rows")))
    goal("rebuild / one set-based statement", quotient(rebuild, f.pace("set-based SQL")), least=0.5)
    goal("export as NDJSON", f.pace("export, route"), "events/s", least=150_000)
    goal("verify", f.pace("verify"), "events/s", least=300_000)
    goal("sealing behind a full append load, at most", f.of("appender, sealing", 256, "seal_lag_seconds"), "s", most=2)
    sealing = f.ratio("appender, sealing", "appender", 256)
    goal("appends cost by sealing", (1 - sealing) * 100 if sealing else None, "%", most=15)
    goal("errors", results["errors"], most=0)
    return rows


def write(results, path):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(f"{path}.new", "w") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    os.replace(f"{path}.new", path)


def show(results, path):
    about, hardware = results["about"], results["machine"]
    print(
        f"{about['mode']} run of {about['commit'] or 'no commit'}, {about['took_seconds']} s: PostgreSQL "
        f"{about['postgres']}, fsync on; {hardware['processors']} processors ({hardware['model']}), shared by load, "
        f"service and database; {about['seconds']} s a run, medians of {about['rounds']} rounds or more"
    )
    pgbench = {run["clients"]: run["rate"] for run in results["runs"] if run["name"] == "pgbench"}
    header = [
        "load", "clients", "per s", "/ pgbench", "p50 ms", "p99 ms", "gateway µs", "postgres µs", "projector µs",
        "load µs", "errors",
    ]  # fmt: skip
    rows = []
    for run in results["runs"]:
        cpu = run["cpu_us"]
        floor = pgbench.get(run["clients"])
        is_command = not run["name"].startswith(("get", "constant", "pgbench"))
        rows.append(
            [run["name"], str(run["clients"]), f"{run['rate']:,.0f}",
             f"{run['rate'] / floor:.2f}" if floor and is_command else "", f"{run['p50_ms']:.3f}",
             f"{run['p99_ms']:.3f}"]
            + [f"{cpu[name]:.1f}" if name in cpu else "" for name in ("gateway", "postgres", "projector", "load")]
            + [str(run["errors"])]
        )  # fmt: skip
    order = {name: place for place, name in enumerate(dict.fromkeys(row[0] for row in rows))}
    rows.sort(key=lambda row: (order[row[0]], int(row[1])))
    print()
    _table(header, rows)
    if results.get("passes"):
        print()
        _table(
            ["once over the log", "events", "seconds", "events/s"],
            [[one["name"], f"{one['events']:,}", f"{one['seconds']:.2f}", f"{one['rate']:,.0f}"]
             for one in results["passes"]],
        )  # fmt: skip
    start = results.get("start")
    if start:
        print(
            f"\nup: ready in {start['start_seconds']:.2f} s, {start['first_start_seconds']:.2f} s when the cluster is "
            f"made; {start['idle_mb']:.0f} MB idle"
            + (f", {start['loaded_mb']:.0f} MB after load" if "loaded_mb" in start else "")
            + " (without PostgreSQL)"
        )
    print()
    goals = []
    for row in results["goals"]:
        sign = "≥" if row["kind"] == "least" else "≤"
        wanted, aim = (
            f"{sign} {_number(row[key], row['unit'])}" if row[key] is not None else "" for key in ("bound", "aim")
        )
        words = {None: "", False: "short", True: "ok"}[row["met"]], "aim met" if row["aim_met"] else ""
        verdict = ", ".join(word for word in words if word)
        goals.append([row["what"], _number(row["value"], row["unit"]), wanted, aim, verdict])
    _table(["goal", "measured", "wanted", "aim", ""], goals)
    print(f"\neverything, round by round: {os.path.relpath(path)}")


def _number(value, unit):
    text = f"{value:,.0f}" if value >= 1000 else f"{value:.2f}" if isinstance(value, float) else str(value)
    return f"{text} {unit}".strip()


def _table(header, rows):
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    for row in [header, ["─" * width for width in widths], *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())
