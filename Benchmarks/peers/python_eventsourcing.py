"""Appends with the PyPI package `eventsourcing`, one event a call, and prints rate and latencies as JSON.

With --replay it reads events back instead, as an application follows another one: by its notifications.

Runs in the virtual environment that `Benchmarks/bench` makes. The recorder is the one that an application uses
(`PostgresApplicationRecorder`), called directly, so that neither aggregates nor mappers are in the figures.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import threading
import time
import uuid

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore


def open_datastore(arguments, threads):
    return PostgresDatastore(
        dbname=arguments.dbname,
        host=arguments.host,
        port=arguments.port,
        user=arguments.user,
        password="",
        connect_timeout=30,
        pool_size=threads,
        max_overflow=0,
    )


def replay(arguments):
    """How many events were read, from a table filled with them, and in how many seconds."""
    datastore = open_datastore(arguments, 1)
    try:
        recorder = PostgresApplicationRecorder(datastore, events_table_name="replayed_events")
        recorder.create_table()
        # Appending one by one would take far longer than what is measured.
        with psycopg.connect(
            dbname=arguments.dbname, host=arguments.host, port=arguments.port, user=arguments.user, autocommit=True
        ) as connection:
            connection.execute("TRUNCATE replayed_events RESTART IDENTITY")
            connection.execute(
                "INSERT INTO replayed_events (originator_id, originator_version, topic, state)"
                " SELECT gen_random_uuid(), 1, 'bench:BackupReplaced', convert_to(repeat('b', %s), 'UTF8')"
                " FROM generate_series(1, %s)",
                (arguments.payload, arguments.replay),
            )
            connection.execute("VACUUM ANALYZE replayed_events")
        count, last = 0, None
        begin = time.perf_counter()
        while page := recorder.select_notifications(last, 1000, inclusive_of_start=False):
            count += len(page)
            last = page[-1].id
        return count, time.perf_counter() - begin
    finally:
        datastore.close()


def make_table(arguments):
    """Before any process appends: two that make the table at once refuse each other."""
    datastore = open_datastore(arguments, 1)
    try:
        PostgresApplicationRecorder(datastore, events_table_name="stored_events").create_table()
    finally:
        datastore.close()


def answer(arguments, begin, answers):
    """What one of several processes measured, or why it could not; either way there is an answer."""
    try:
        answers.put(measure(arguments, arguments.threads, begin))
    except Exception as failure:
        begin.abort()
        answers.put(([], 0, [f"{type(failure).__name__}: {failure}"]))


def measure(arguments, threads, begin):
    """The latencies of one process, in seconds, and for how long it ran."""
    datastore = open_datastore(arguments, threads)
    try:
        recorder = PostgresApplicationRecorder(datastore, events_table_name="stored_events")
        state = b"b" * arguments.payload

        def append():
            recorder.insert_events([StoredEvent(uuid.uuid4(), 1, "bench:BackupReplaced", state)])

        append()
        # All connections stand before the clock starts. The datastore's own option would wait at each call.
        datastore.pool.wait(timeout=60)
        if begin is not None:
            begin.wait(timeout=90)
        latencies = [[] for _ in range(threads)]
        failures = []
        start = time.perf_counter()
        end = start + arguments.seconds

        def work(own):
            try:
                now = time.perf_counter()
                while now < end:
                    append()
                    then, now = now, time.perf_counter()
                    own.append(now - then)
            except Exception as failure:  # a benchmark reports what went wrong and goes on
                failures.append(f"{type(failure).__name__}: {failure}")

        workers = [threading.Thread(target=work, args=(own,)) for own in latencies]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return [one for own in latencies for one in own], time.perf_counter() - start, failures
    finally:
        datastore.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", default="5432")
    parser.add_argument("--dbname", required=True)
    parser.add_argument("--user", default="postgres")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--payload", type=int, default=300)
    parser.add_argument("--replay", type=int, help="read so many events instead of appending")
    arguments = parser.parse_args()

    if arguments.replay:
        count, seconds = replay(arguments)
        print(json.dumps({"count": count, "seconds": seconds, "rate": count / seconds}))
        return 0
    make_table(arguments)
    if arguments.processes == 1:
        parts = [measure(arguments, arguments.threads, None)]
    else:
        context = multiprocessing.get_context("fork")
        begin = context.Barrier(arguments.processes)
        answers = context.Queue()
        children = [
            context.Process(target=answer, args=(arguments, begin, answers), daemon=True)
            for _ in range(arguments.processes)
        ]
        for child in children:
            child.start()
        parts = [answers.get(timeout=arguments.seconds + 120) for _ in children]
        for child in children:
            child.join()

    latencies = sorted(one for part, _, _ in parts for one in part)
    failures = [failure for _, _, some in parts for failure in some]
    if not latencies:
        print(failures[0] if failures else "nothing was appended", file=sys.stderr)
        return 1
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = max(elapsed for _, elapsed, _ in parts)
    print(
        json.dumps(
            {
                "count": len(latencies),
                "seconds": seconds,
                "rate": len(latencies) / seconds,
                "p50_ms": latencies[len(latencies) // 2] * 1e3,
                "p99_ms": latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))] * 1e3,
                "cpu_seconds": sum(one.ru_utime + one.ru_stime for one in usage),
                "errors": len(failures),
                "first_error": failures[0] if failures else None,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
