"""A database as a process leaves it that is killed while it works."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

# Writes users until it is told to stop, then kills itself. The log is merged often.
WRITE = """
import os, signal, sys
from pathlib import Path
from backend.database import Database, accounts, connection

connection.LOG_BYTES = int(sys.argv[2])
database = Database(Path(sys.argv[1]))
number = 0
for line in sys.stdin:
    for number in range(number, number + int(line)):
        with database.write() as open_:
            user = accounts.create_user(open_, f"user {number}")
            accounts.add_token(open_, user["id"], f"{number:064}", "hint", name="n" * 500)
    number += 1
    print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


class Writer:
    """A process that writes what it is told to."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def add(self, users: int) -> None:
        """Commit so many users, one transaction each."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{users}\n".encode())
        self._process.stdin.flush()
        assert self._process.stdout.readline()


@contextmanager
def killed_writer(path: Path, log_bytes: int = 50_000) -> Iterator[Writer]:
    """A process with the database open; at the end it is killed."""
    command = [sys.executable, "-c", WRITE, str(path), str(log_bytes)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Writer(process)


def copy_of(folder: Path, target: Path) -> Path:
    """The database in a copy of a folder."""
    shutil.copytree(folder, target)
    return target / "exotrain.db"


def rows_of(path: Path) -> dict[str, list[tuple]]:
    """Every row of every table, with what is only in the log; read from a copy, which is removed.

    SQLite changes the files when it closes them.
    """
    copies = path.parent / "to-read"
    copies.mkdir()
    for suffix in ("", "-wal", "-shm"):
        each = path.with_name(f"{path.name}{suffix}")
        if each.exists():
            shutil.copy2(each, copies)
    try:
        with closing(sqlite3.connect(copies / path.name)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {
                name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)
                for (name,) in names.fetchall()
            }
    finally:
        shutil.rmtree(copies)


def user_names_in(path: Path) -> set[str]:
    """The names of the users in a database, as `rows_of` reads it."""
    return {row[1] for row in rows_of(path)["users"]}
