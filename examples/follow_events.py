#!/usr/bin/env python3
"""Follows the log as server-sent events, with nothing but Python's own library.

    examples/follow_events.py URL --key-file FILE --state FILE [--count N]

Prints a line for each event. The state file remembers the last position handled, so that a connection that breaks, and
a client that is ended, go on behind it: `Last-Event-ID` asks for history first, then for what happens, without a gap.
With --count it ends after so many events.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request

# A comment line comes every 15 seconds, so a longer silence is a lost connection.
SILENCE = 45


def read_position(path):
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except FileNotFoundError:
        return 0


def write_position(path, position):
    """In full or not at all: a half-written number would be another position."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(f"{position}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def messages(lines):
    """The events of a stream: a blank line ends each, a line that begins with a colon is a comment."""
    data = []
    for raw in lines:
        line = raw.decode("utf-8").rstrip("\r\n")
        if not line:
            if data:
                yield json.loads("\n".join(data))
            data = []
        elif line.startswith("data:"):
            value = line[5:]
            data.append(value[1:] if value.startswith(" ") else value)


def handle(event):
    meta = json.loads(event["meta"])
    print(event["sequence"], event["type"], event["subject"], meta["actor"]["kind"], sep="\t", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--key-file", required=True)
    parser.add_argument("--state", required=True)
    parser.add_argument("--count", type=int)
    options = parser.parse_args()
    with open(options.key_file, encoding="ascii") as file:
        key = file.read().strip()

    left = options.count
    pause = 1
    while left is None or left > 0:
        position = read_position(options.state)
        request = urllib.request.Request(
            f"{options.url}/v1/events",
            headers={
                "Accept": "text/event-stream",
                "Authorization": f"Bearer {key}",
                "Last-Event-ID": str(position),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=SILENCE) as answer:
                pause = 1
                for event in messages(answer):
                    if int(event["sequence"]) <= position:
                        continue
                    handle(event)
                    position = int(event["sequence"])
                    write_position(options.state, position)
                    if left is not None:
                        left -= 1
                        if left == 0:
                            return
        except urllib.error.HTTPError as error:
            # What the service refuses it refuses again; only when it is not well is asking again of use.
            if error.code < 500 and error.code != 429:
                sys.exit(f"the service answered {error.code}: {error.read().decode('utf-8', 'replace')}")
        except (OSError, ValueError) as error:
            print(f"connecting again: {error}", file=sys.stderr)
        time.sleep(pause)
        pause = min(pause * 2, 30)


if __name__ == "__main__":
    main()
