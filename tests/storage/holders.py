"""Processes that hold the lock on a data folder, and ones that have nothing to do with it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.config import REPOSITORY

# It holds the lock as a server does, says so, and keeps it until its input ends.
AS_A_SERVER = """
import sys
from pathlib import Path
from backend.storage.lock import data_folder_lock
with data_folder_lock(Path(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.read()
"""

# Servers of 0.3.0 hold this lock alone, and so do other programs.
AS_OTHERS_DO = """
import fcntl, sys
with open(sys.argv[1] + "/exotrain.lock", "a") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("ready", flush=True)
    sys.stdin.read()
"""

BYSTANDER = "import sys; print('ready', flush=True); sys.stdin.read()"


@contextmanager
def running(code: str, data_dir: Path) -> Iterator[subprocess.Popen]:
    """A process that runs this code, from when it is ready to the end of the block."""
    command = [sys.executable, "-c", code, str(data_dir)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()
