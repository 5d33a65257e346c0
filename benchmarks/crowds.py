"""How long does one user wait beside two hundred hostile connections?

    python -m benchmarks.crowds

A real server; two hundred connections of each kind, as in the tests of what it holds. Prints a
markdown table: the health check's latency at the 50th and 99th percentile, and what the server's
memory grew by. The first row has no crowd.
"""

import contextlib
import tempfile
import time
from pathlib import Path

import numpy as np
import requests

from tests.e2e.server import Server
from tests.holds.network.test_hostile_connections import KINDS, crowd
from tests.processes import resident_mb

QUESTIONS = 300


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), EXOTRAIN_WARM_WORKERS="0")
        try:
            print("| 200 connections of this kind | p50, ms | p99, ms | memory, MB |")
            print("|---|---|---|---|")
            print(row(server, "none", contextlib.nullcontext()))
            for kind, opening in KINDS.items():
                for drips, manner in ((False, ""), (True, ", byte by byte")):
                    held = crowd(server, opening, drips=drips)
                    print(row(server, kind + manner, held), flush=True)
        finally:
            server.stop()


def row(server: Server, title: str, held: contextlib.AbstractContextManager) -> str:
    """Ask beside a crowd; a line of the table."""
    before = resident_mb(server.process.pid)
    seconds = []
    with held, requests.Session() as session:
        for _ in range(QUESTIONS):
            begin = time.perf_counter()
            session.get(f"{server.address}/api/health", timeout=60).raise_for_status()
            seconds.append(time.perf_counter() - begin)
        grown = resident_mb(server.process.pid) - before
    p50, p99 = np.percentile(seconds, (50, 99)) * 1000
    return f"| {title} | {p50:.1f} | {p99:.1f} | {grown:+.0f} |"


if __name__ == "__main__":
    main()
