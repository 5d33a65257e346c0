"""The plan of a test: which call fails, how, and how often. Processes read it from a folder.

    rename = faults.add("rename", "*.keras", "ENOSPC")       # the next rename to such a name
    faults.add("sql", "COMMIT*", "disk I/O error", first=2)  # the second commit from now on
    faults.add("pipe", '*"event":"saved"*', "kill", process="worker", after=True)

A plan may change while the server runs, so that only what a test is about is counted. The count of
a fault is one for all processes: what has happened once does not happen again in a new worker.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backend.config import REPOSITORY

# Names the folder of the plan to the processes that are meant.
VARIABLE = "FAULTS"


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        number: of the fault in its plan; names its files.
        call: "fork", "thread", "open", "write", "fsync", "rename", "unlink", "mkdir", "lock",
            "unlock", "sql" or "pipe".
        what: a pattern of what the call is given: the command of a fork, the name of a thread, a
            path (of a rename the new one), the text of a statement, or what is written to a pipe;
            "read" where a pipe is read, "BACKUP" where SQLite copies a whole database.
        effect: "hang" until the test releases it, "kill" the process, "memory" for a MemoryError,
            the name of an errno, one of SQLite's messages, or any word for a thread.
        process: "server" or "worker".
        caller: a pattern of a function that must be among the callers, as `module.function`.
        first: the number of the first such call that fails, from 1.
        times: how many fail; None: all from then on.
        after: whether the call is made first; then the effect comes right after it.
    """

    number: int
    call: str
    what: str
    effect: str
    process: str = "server"
    caller: str = "*"
    first: int = 1
    times: int | None = 1
    after: bool = False


class Watched:
    """A fault of the plan, as its test sees it."""

    def __init__(self, folder: Path, number: int) -> None:
        self._path = folder / str(number)

    @property
    def calls(self) -> int:
        """How many such calls there were."""
        return _length(self._path.with_suffix(".calls"))

    @property
    def effects(self) -> int:
        """How many of them met the fault."""
        return _length(self._path.with_suffix(".effects"))

    def release(self) -> None:
        """Let the calls that hang go on."""
        self._path.with_suffix(".release").touch()


class Faults:
    """The faults that a test has planned."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self._faults: list[Fault] = []
        self._count = 0

    def add(self, call: str, what: str, effect: str, **more: Any) -> Watched:
        """Plan a fault; see `Fault`. It counts from now on."""
        self._count += 1
        self._faults.append(Fault(self._count, call, what, effect, **more))
        self._write()
        return Watched(self.folder, self._count)

    def clear(self) -> None:
        """From now on nothing fails. What hangs goes on."""
        for fault in self._faults:
            Watched(self.folder, fault.number).release()
        self._faults = []
        self._write()

    def _write(self) -> None:
        new = self.folder / "plan.new"
        new.write_text(json.dumps([asdict(fault) for fault in self._faults]))
        os.replace(new, self.folder / "plan.json")


def environment(faults: Faults) -> dict[str, str]:
    """The environment of a server whose processes meet these faults."""
    paths = [Path(__file__).parent / "on_path", REPOSITORY]
    return {VARIABLE: str(faults.folder), "PYTHONPATH": os.pathsep.join(map(str, paths))}


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
