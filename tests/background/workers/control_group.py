"""A control group of Linux in which little memory may be used."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.background.workers.memory_kills import find_counter
from tests.e2e.server import wait_for

NO_CGROUP = "NO CGROUP: no control group with a limit of memory can be made here"


@contextlib.contextmanager
def small_group(limit_mb: int) -> Iterator[Path]:
    """A group below our own, removed at the end; skips loudly where none can be made."""
    own = find_counter(os.getpid())
    is_version_2 = own is not None and own.path.name == "memory.events"
    parent = own.path.parent if own is not None else Path("/proc")
    folder = parent / f"exotrain_test_{os.getpid()}"
    memory, swap = (
        ("max", "swap.max") if is_version_2 else ("limit_in_bytes", "memsw.limit_in_bytes")
    )
    try:
        folder.mkdir()
    except OSError:
        pytest.skip(NO_CGROUP)
    try:
        try:
            (folder / f"memory.{memory}").write_text(str(limit_mb << 20))
        except OSError:
            pytest.skip(NO_CGROUP)
        with contextlib.suppress(OSError):  # a kernel without swap
            swap_bytes = 0 if is_version_2 else limit_mb << 20
            (folder / f"memory.{swap}").write_text(str(swap_bytes))
        yield folder
    finally:
        wait_for(lambda: _is_removed(folder), bool, 20)


def _is_removed(folder: Path) -> bool:
    """Remove a group; the system may still hold a process that was killed in it."""
    with contextlib.suppress(OSError):
        folder.rmdir()
    return not folder.exists()
