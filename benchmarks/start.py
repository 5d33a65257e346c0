"""How soon does the server answer, how much memory does it use, and how soon does it stop?

    python -m benchmarks.start

Prints a markdown table: the median of several starts, beside a Python process that only imports
the web framework, the database library and the web server.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.server import Client, Server
from tests.processes import peak_mb

STARTS = 5

LIBRARIES = "import apiflask, uvicorn, numpy, sqlalchemy"


def main() -> None:
    imports = [seconds_to_import() for _ in range(STARTS)]
    starts = [measure_start() for _ in range(STARTS)]
    print("| median of 5 | seconds | memory |")
    print("|---|---|---|")
    print(f"| `{LIBRARIES}` | {statistics.median(imports):.2f} | |")
    healthy, stopped, memory = (statistics.median(each) for each in zip(*starts, strict=True))
    print(f"| start to the first healthy response | {healthy:.2f} | {memory:.0f} MB |")
    print(f"| SIGTERM to the end | {stopped:.2f} | |")


def seconds_to_import() -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
    return time.monotonic() - started


def measure_start() -> tuple[float, float, float]:
    """Seconds to the first healthy answer, seconds to stop, peak memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        server = Server(Path(folder), EXOTRAIN_WARM_WORKERS="0")
        assert Client(server).get("/api/health")["status"] == "healthy"
        healthy = time.monotonic() - started
        memory = peak_mb(server.process.pid)
        stopping = time.monotonic()
        server.stop()
        return healthy, time.monotonic() - stopping, memory


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parent.parent)
    main()
