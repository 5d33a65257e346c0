"""Which WSGI server stands up to hostile and to many connections?

    python -m benchmarks.servers [--only NAME ...]

Runs a toy application with 16 threads on each server that this Python has, the project's own among
them, and prints one markdown table. The others are named; for all of them, in a virtual environment
made for this:

    pip install -r requirements.txt
    pip install granian httptools uvloop a2wsgi hypercorn waitress gunicorn cheroot

The servers' own defaults apply, except for threads, length of the listen queue and number of
connections. About 3 MB of what a server "takes" lie in the kernel's buffers.
"""

import argparse
import functools
import statistics
import sys
from collections.abc import Callable

from benchmarks.servers import hostile, load
from benchmarks.servers.process import COMMANDS, Server, missing_packages

STARTS = 3

Measure = Callable[[Server], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    names = parser.parse_args().only
    for name in list(names):
        if missing := missing_packages(name):
            print(f"{name} is left out: no {', '.join(missing)}.", file=sys.stderr)
            names.remove(name)
    if not names:
        sys.exit("Expected at least one of these servers to be installed.")
    columns = [measured(name) for name in names]
    print(f"| | {' | '.join(names)} |")
    print("|---" * (len(names) + 1) + "|")
    for row in columns[0]:
        print(f"| {row} | {' | '.join(column[row] for column in columns)} |")


def measured(name: str) -> dict[str, str]:
    """All rows of one server; each attack has a process of its own."""
    column = started(name)
    for row, measure in measures().items():
        print(f"{name}: {row}", file=sys.stderr)
        with Server(name) as server:
            try:
                column[row] = measure(server)
            except OSError as error:
                column[row] = f"fails: {type(error).__name__}"
    return column


def started(name: str) -> dict[str, str]:
    seconds, memory = [], []
    for _ in range(STARTS):
        with Server(name) as server:
            seconds.append(server.start_seconds)
            memory.append(server.resident_mb())
    return {
        "start to the first answer": f"{statistics.median(seconds):.2f} s",
        "memory": f"{statistics.median(memory):.0f} MB",
    }


def measures() -> dict[str, Measure]:
    rows: dict[str, Measure] = {
        "1 connection: rate, median, processor": functools.partial(load.speed, connections=1),
        "20 connections: rate, median, processor": functools.partial(load.speed, connections=20),
        "200 clients at once": load.honest_crowd,
        "300 MB with a token": load.upload,
        "300 MB without: answer": load.refused_upload,
        "the same, to a client that sends all first": load.refused_upload_sent_whole,
        "Expect: 100-continue without, with token": load.expectation,
    }
    for kind, crowd in hostile.CROWDS.items():
        rows[f"health p99 beside {crowd.size}: {kind}"] = functools.partial(
            hostile.health_beside, crowd=crowd
        )
    rows["health p99 beside one body of one-byte chunks"] = hostile.health_beside_tiny_chunks
    for kind in hostile.ENDLESS:
        rows[f"endless {kind}: taken of 100 MB"] = functools.partial(
            hostile.taken_without_end, kind=kind
        )
    for kind, text in hostile.BAD_HEADS.items():
        rows[kind] = functools.partial(hostile.answer_to_bad_head, text=text)
    return rows


if __name__ == "__main__":
    main()
