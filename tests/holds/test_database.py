"""The database after kills and damage, and under many writers, on real processes."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from backend.config import REPOSITORY
from backend.database import Database
from backend.storage.lock import CannotStart
from tests.database.killed import rows_of
from tests.e2e.server import Client, Server

pytestmark = pytest.mark.e2e

WORKSPACES = 12


@pytest.fixture
def killed(start_server: Callable[..., Server]) -> Server:
    """A server that was killed; its last commits are in the log alone."""
    server = start_server()
    client = Client(server)
    shutil.copy2(server.data_dir / "exotrain.db", server.data_dir / "older.db")
    for n in range(WORKSPACES):
        client.workspace(f"workspace {n}")
    server.stop(signal.SIGKILL)
    return server


def names(client: Client) -> list[str]:
    return [each["name"] for each in client.get("/api/workspaces")["workspaces"]]


def refusal(server: Server) -> str:
    """The last line of a start that is refused; the process has ended with code 1."""
    with pytest.raises(AssertionError):
        server.start()
    assert server.process.wait(20) == 1
    log = server.log.read_text().splitlines()
    assert "Traceback" not in "".join(log)
    return log[-1]


def test_what_was_answered_before_a_kill_is_there_afterwards(killed: Server):
    database = killed.data_dir / "exotrain.db"
    before = rows_of(database)
    database.with_name("exotrain.db-shm").unlink()
    killed.start()
    assert names(Client(killed)) == [f"workspace {n}" for n in range(WORKSPACES)]
    killed.stop()
    after = rows_of(database)
    assert after["workspaces"] == before["workspaces"]
    assert not database.with_name("exotrain.db-wal").exists()
    assert not database.with_name("exotrain.db.in-use").exists()


def without_log(folder: Path) -> None:
    (folder / "exotrain.db-wal").unlink()


def with_older_file(folder: Path) -> None:
    (folder / "older.db").replace(folder / "exotrain.db")


def without_database(folder: Path) -> None:
    (folder / "exotrain.db").unlink()


def with_zeroed_header(folder: Path) -> None:
    with open(folder / "exotrain.db", "r+b") as file:
        file.write(bytes(100))


def with_half_of_it(folder: Path) -> None:
    with open(folder / "exotrain.db", "r+b") as file:
        file.truncate((folder / "exotrain.db").stat().st_size // 2)


def with_another_applications(folder: Path) -> None:
    for path in folder.glob("exotrain.db*"):
        path.unlink()
    with closing(sqlite3.connect(folder / "exotrain.db")) as connection:
        connection.execute("CREATE TABLE notes (text)")


def with_newer_schema(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "exotrain.db")) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (without_log, "exotrain.db-wal is missing"),
        (without_database, "exotrain.db is missing"),
        (with_zeroed_header, "is not an SQLite database"),
        (with_half_of_it, "is damaged"),
        (with_another_applications, "is a database of another application"),
    ],
)
def test_a_damaged_database_is_one_line_and_no_start(
    killed: Server, damage: Callable[[Path], None], found: str
):
    damage(killed.data_dir)
    line = refusal(killed)
    assert line.startswith("exotrain cannot start: ")
    assert found in line


def test_a_newer_schema_is_one_line_and_no_start(start_server: Callable[..., Server]):
    server = start_server()
    server.stop()
    with_newer_schema(server.data_dir)
    assert "schema version 99" in refusal(server)


def test_an_older_file_beside_a_newer_log_is_right_data_or_no_start(killed: Server):
    """The copy is of the time of this log, if the log was never merged: then nothing is missing."""
    database = killed.data_dir / "exotrain.db"
    before = rows_of(database)
    with_older_file(killed.data_dir)
    with suppress(CannotStart):
        Database(database).close()
        assert rows_of(database) == before


# As many commits as it can; each is written down, after it was answered, in a file beside.
HAMMER = """
import sys, threading, time
from pathlib import Path
from backend.database import Database, accounts, connection
from backend.database.connection import DatabaseBusy
from backend.database.schema import users

path, name, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
connection.LOG_BYTES = 30_000
database = Database(path)
end = time.monotonic() + seconds
lines = threading.Lock()
failed = []

def work(thread):
    n = 0
    try:
        while time.monotonic() < end:
            user = f"{name} {thread} {n}"
            try:
                with database.write() as open_:
                    made = accounts.create_user(open_, user)
                    accounts.add_token(open_, made["id"], user, "hint", name="n" * 300)
            except DatabaseBusy:
                continue
            with lines:
                print(user, flush=True)
            with database.read() as open_:
                found = accounts.find_user(open_, user)
                assert found, user
                assert accounts.count_tokens(open_, found["id"]) == 1
            database.write_unless_locked(users.update().values(is_admin=n % 2 == 0))
            n += 1
    except BaseException as error:
        failed.append(repr(error))

threads = [threading.Thread(target=work, args=(each,)) for each in range(4)]
[each.start() for each in threads]
[each.join() for each in threads]
database.close()
sys.exit("; ".join(failed) or 0)
"""

SECONDS = 6


def test_many_writers_of_many_processes_lose_nothing(tmp_path: Path):
    path = tmp_path / "exotrain.db"
    Database(path).close()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, str(path), f"p{n}", str(SECONDS)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    answers = [process.communicate(timeout=120) for process in processes]
    for process, (_, error) in zip(processes, answers, strict=True):
        assert process.returncode == 0, error
    committed = {line for output, _ in answers for line in output.splitlines()}
    assert len(committed) > 50
    rows = rows_of(path)
    assert {row[1] for row in rows["users"]} == committed
    assert len(rows["tokens"]) == len(committed)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_killed_writer_among_many_leaves_a_sound_database(tmp_path: Path):
    path = tmp_path / "exotrain.db"
    Database(path).close()
    committed: set[str] = set()
    for round_ in range(4):
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", HAMMER, str(path), f"p{round_} {n}", "60"],
                cwd=REPOSITORY,
                stdout=subprocess.PIPE,
                text=True,
            )
            for n in range(2)
        ]
        readers = [threading.Thread(target=_gather, args=(each, committed)) for each in processes]
        for reader, process in zip(readers, processes, strict=True):
            assert process.stdout is not None
            for _ in range(20):
                committed.add(process.stdout.readline().strip())
            reader.start()
        for process in processes:
            process.kill()
        for reader, process in zip(readers, processes, strict=True):
            reader.join()
            process.wait()
        database = Database(path)  # as the next start: everything is checked
        with database.write():
            pass
        database.close()
        found = {row[1] for row in rows_of(path)["users"]}
        assert committed <= found  # what was committed and not yet said may be there too


def _gather(process: subprocess.Popen, committed: set[str]) -> None:
    assert process.stdout is not None
    committed.update(line.strip() for line in process.stdout if line.endswith("\n"))
