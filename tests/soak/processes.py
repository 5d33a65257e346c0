"""The processes of a soak: found by a variable of their environment, whoever their parent is."""

import contextlib
import os
from pathlib import Path

MARK = "SOAK_MARK"


def marked(mark: str) -> dict[int, str]:
    """The processes that run with this mark, by id, with their command."""
    wanted = f"{MARK}={mark}".encode()
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it has ended, or it is another user's
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(folder.name)] = command.strip()
    return found


def is_worker(command: str) -> bool:
    """Whether a command is that of a worker."""
    return "-m backend.worker" in command
