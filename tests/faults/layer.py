"""Makes calls of this process fail, hang or kill it, as a plan says; see `plan`.

It stands between Python and the system: where Python's libraries fork, start a thread, open, write,
sync, rename, lock or delete a file, execute a statement of SQLite, or use a pipe. So whatever the
code above does around the call (a buffer, an `ExitStack`, SQLAlchemy) is real. What C code writes
by itself is not seen: SQLite's own files stand behind their statements.
"""

import builtins
import errno
import fcntl
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.faults.files import file_class, opener, path_of, writer

# Before anything is replaced.
_open_descriptor, _write = os.open, os.write

_POLL_SECONDS = 0.01

# SQLite's errors have a number beside their message.
_SQLITE_NUMBERS = {
    "database is locked": sqlite3.SQLITE_BUSY,
    "database or disk is full": sqlite3.SQLITE_FULL,
    "disk I/O error": sqlite3.SQLITE_IOERR,
    "unable to open database file": sqlite3.SQLITE_CANTOPEN,
}

# What Python 3.13 calls otherwise.
_START_THREAD = next(
    name for name in ("_start_new_thread", "_start_joinable_thread") if hasattr(threading, name)
)


class Layer:
    """The faults of one process."""

    def __init__(self, folder: Path, process: str) -> None:
        """Take part in a plan.

        Args:
            folder: of the plan.
            process: which of its processes this is.
        """
        self._folder = str(folder)
        self._process = process
        self._version: tuple[int, int] | None = None
        self._faults: list[dict[str, Any]] = []

    def meet(self, call: str, what: str, *, after: bool = False) -> None:
        """A call is about to be made, or was made right now.

        Raises:
            OSError, RuntimeError, MemoryError, sqlite3.OperationalError: as the plan says.
        """
        for fault in self._planned():
            kind = fault["call"], fault["process"], fault["after"]
            if kind != (call, self._process, after) or not fnmatchcase(what, fault["what"]):
                continue
            if not _is_called_by(fault["caller"]):
                continue
            past = self._count(fault, "calls") - fault["first"]
            if past >= 0 and (fault["times"] is None or past < fault["times"]):
                self._count(fault, "effects")
                self._take_effect(fault, what)

    def _planned(self) -> list[dict[str, Any]]:
        path = os.path.join(self._folder, "plan.json")
        try:
            found = os.stat(path)
        except FileNotFoundError:
            return []
        if self._version != (found.st_mtime_ns, found.st_ino):
            descriptor = _open_descriptor(path, os.O_RDONLY)
            self._faults = json.loads(os.read(descriptor, 1 << 20))
            os.close(descriptor)
            self._version = found.st_mtime_ns, found.st_ino
        return self._faults

    def _count(self, fault: dict[str, Any], what: str) -> int:
        """Count one more; the number of those so far, in every process."""
        path = os.path.join(self._folder, f"{fault['number']}.{what}")
        descriptor = _open_descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _write(descriptor, b".")
            return os.lseek(descriptor, 0, os.SEEK_CUR)  # behind the own byte, whoever else writes
        finally:
            os.close(descriptor)

    def _take_effect(self, fault: dict[str, Any], what: str) -> None:
        effect = fault["effect"]
        if effect == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if effect == "memory":
            raise MemoryError
        if effect == "hang":
            while not os.path.exists(os.path.join(self._folder, f"{fault['number']}.release")):
                time.sleep(_POLL_SECONDS)
        elif fault["call"] == "sql":
            error = sqlite3.OperationalError(effect)
            error.sqlite_errorcode = _SQLITE_NUMBERS.get(effect, sqlite3.SQLITE_ERROR)
            raise error
        elif fault["call"] == "thread":
            raise RuntimeError("can't start new thread")
        else:
            number = getattr(errno, effect)
            raise OSError(number, os.strerror(number), what)


def install(layer: Layer) -> Callable[[], None]:
    """Put a layer under this process; the function that is returned takes it away."""
    undo: list[Callable[[], None]] = []

    def put(owner: Any, name: str, replacement: Any) -> None:
        original = getattr(owner, name)
        setattr(owner, name, replacement)
        undo.append(lambda: setattr(owner, name, original))

    def around(owner: Any, name: str, call: str, what: Callable[..., str]) -> None:
        put(owner, name, _around(layer, getattr(owner, name), call, what))

    around(os, "open", "open", path_of)
    around(os, "fsync", "fsync", path_of)
    put(os, "write", writer(layer))
    around(os, "pwrite", "write", path_of)
    around(os, "mkdir", "mkdir", path_of)
    put(fcntl, "flock", _flock(layer))
    for name in ("unlink", "remove", "rmdir"):
        around(os, name, "unlink", path_of)
    for name in ("rename", "replace"):
        around(os, name, "rename", lambda _source, target, **_folders: path_of(target))
    around(
        subprocess.Popen, "_execute_child", "fork", lambda _self, command, *_rest: _text(command)
    )
    around(threading, _START_THREAD, "thread", lambda function, *_rest, **_more: _name_of(function))
    # Classes of the backend that were made before: one for which the write is more than a write.
    for each in io.FileIO.__subclasses__():
        if "write" in vars(each):
            around(each, "__init__", "open", lambda _self, file, *_rest: path_of(file))
            around(each, "write", "write", lambda file, _data: str(file.name))
    file, cursor = file_class(layer), _cursor_class(layer)
    put(io, "FileIO", file)
    opened = opener(layer, file)
    put(io, "open", opened)
    put(builtins, "open", opened)
    connect = _connect(layer, cursor)
    put(sqlite3, "connect", connect)
    put(sqlite3.dbapi2, "connect", connect)

    def take_away() -> None:
        for each in reversed(undo):
            each()

    return take_away


def _flock(layer: Layer) -> Any:
    original = fcntl.flock

    def flock(file: Any, operation: int) -> None:
        call = "unlock" if operation & fcntl.LOCK_UN else "lock"
        what = path_of(file if isinstance(file, int) else file.fileno())
        layer.meet(call, what)
        original(file, operation)
        layer.meet(call, what, after=True)

    return flock


def _around(layer: Layer, original: Any, call: str, what: Callable[..., str]) -> Any:
    def around(*arguments: Any, **named: Any) -> Any:
        given = what(*arguments, **named)
        layer.meet(call, given)
        result = original(*arguments, **named)
        layer.meet(call, given, after=True)
        return result

    return around


def _cursor_class(layer: Layer) -> Any:
    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *parameters: Any) -> Any:
            layer.meet("sql", sql)
            result = super().execute(sql, *parameters)
            layer.meet("sql", sql, after=True)
            return result

    return Cursor


def _connect(layer: Layer, cursor_class: Any) -> Any:
    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = cursor_class) -> Any:
            return super().cursor(factory)

        def execute(self, sql: str, *parameters: Any) -> Any:
            return self.cursor().execute(sql, *parameters)

        def backup(self, target: Any, **more: Any) -> None:
            layer.meet("sql", "BACKUP")
            super().backup(target, **more)
            layer.meet("sql", "BACKUP", after=True)

        def commit(self) -> None:
            if self.in_transaction:
                layer.meet("sql", "COMMIT")
                super().commit()
                layer.meet("sql", "COMMIT", after=True)

    original = sqlite3.connect

    def connect(*arguments: Any, **named: Any) -> Any:
        return original(*arguments, **{"factory": Connection, **named})

    return connect


def _is_called_by(pattern: str) -> bool:
    frame = sys._getframe(1)
    while frame is not None and pattern != "*":
        name = f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"
        if fnmatchcase(name, pattern):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return pattern == "*"


def _text(command: Any) -> str:
    return command if isinstance(command, str) else " ".join(map(os.fsdecode, command))


def _name_of(function: Any) -> str:
    """The name of the thread whose first function it is."""
    return str(getattr(getattr(function, "__self__", None), "name", "?"))
