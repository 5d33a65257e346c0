"""The child processes of this server and the memory that they hold, as Linux tells them.

Elsewhere there is nothing to read, and so no number.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric

# What a process was started as, by its `-m`.
_KINDS = {
    "backend.worker": "worker",
    "backend.tables.child": "table",
    "backend.cluster": "bridge",
}

PROC = Path("/proc")


def children(proc: Path = PROC) -> Iterator[Metric]:
    """The number of child processes by kind, and their resident memory.

    Args:
        proc: where proc(5) is mounted.

    Raises:
        OSError: it cannot be read.
    """
    if sys.platform != "linux":
        return
    number: Counter[str] = Counter(dict.fromkeys(_KINDS.values(), 0))
    memory: Counter[str] = Counter(dict.fromkeys(_KINDS.values(), 0))
    for child in _children_of(proc / "self"):
        with suppress(OSError):  # it has ended meanwhile
            kind = _kind(proc / child)
            if kind is not None:
                memory[kind] += _resident_bytes(proc / child)
                number[kind] += 1
    for values, name, what in (
        (
            number,
            "exotrain_child_processes",
            "Child processes: workers, readers of tables, the bridge to a cluster.",
        ),
        (
            memory,
            "exotrain_child_processes_resident_bytes",
            "Resident memory of the child processes.",
        ),
    ):
        family = GaugeMetricFamily(name, what, labels=["kind"])
        for kind, value in values.items():
            family.add_metric([kind], value)
        yield family


def _children_of(process: Path) -> Iterator[str]:
    is_known = False
    for task in os.listdir(process / "task"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended
            yield from (process / "task" / task / "children").read_text("ascii").split()
            is_known = True
    if not is_known:
        raise OSError(f"this kernel does not list the children of a process in {process}/task")


def _kind(process: Path) -> str | None:
    arguments = (process / "cmdline").read_bytes().split(b"\0")
    with suppress(ValueError, IndexError):
        return _KINDS.get(arguments[arguments.index(b"-m") + 1].decode("ascii", "replace"))
    return None


def _resident_bytes(process: Path) -> int:
    pages = (process / "statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
