"""A closing of the database fails, and its process ends: the next start has every row."""

import os
import shutil
import subprocess
import sys

from backend.config import REPOSITORY
from backend.database import Database, accounts
from backend.database.file.soundness import mark_of
from tests.database.killed import user_names_in
from tests.faults.plan import environment

# Adds a user to each database, as far as that is possible, closes it, and ends like a command.
CLOSE = """
import sys
from contextlib import ExitStack
from pathlib import Path
from backend.database import Database, accounts, connection
from backend.database.file import upgrades
from backend.storage.lock import CannotStart

connection.LOCK_SECONDS = 0.02
databases, failed = [], []
for folder in sys.argv[1:]:
    if folder.endswith("upgrade"):
        upgrades.VERSION += 1
        upgrades.UPGRADES.append(lambda _connection: None)
    try:
        database = Database(Path(folder) / "exotrain.db")
    except CannotStart as error:
        failed.append(error)
        continue
    databases.append(database)
    with ExitStack() as reading:
        if folder.endswith("reader"):  # at work until after the closing
            reader = reading.enter_context(database.read())
            reader.exec_driver_sql("SELECT * FROM users").first()
            reading.callback(reader.invalidate)
        try:
            with database.write() as writer:
                accounts.create_user(writer, "v")
        except OSError as error:
            failed.append(error)
        database.close()
print(len(failed))
"""

CLOSING = [
    ("mark", "write", "*/mark/*.in-use", "*Database._end_using", "EIO"),
    ("no descriptor", "open", "*/no descriptor/*.in-use", "*Database._end_using", "EMFILE"),
    ("no turn", "lock", "*/no turn/*.writer", "*Database.close", "EAGAIN"),
    ("no file", "open", "*/no file/exotrain.db", "*Database._open_file", "EMFILE"),
    ("upgrade", "sql", "COMMIT", "*opening.upgrade", "disk I/O error"),
]


def test_after_a_closing_that_fails_the_log_is_there_and_the_next_start_has_every_row(
    faults, tmp_path
):
    path = tmp_path / "data" / "exotrain.db"
    path.parent.mkdir()
    database = Database(path)
    with database.write() as connection:
        accounts.create_user(connection, "u")
    folders = [tmp_path / name for name in ("reader", *(each[0] for each in CLOSING))]
    for folder in folders:
        shutil.copytree(path.parent, folder)  # as after a kill: marked, and with a log
    database.close()
    planned = [
        faults.add(call, what, effect, caller=caller, times=None)
        for _, call, what, caller, effect in CLOSING
    ]
    arguments = [sys.executable, "-c", CLOSE, *map(str, folders)]
    surroundings = {**os.environ, **environment(faults)}
    ended = subprocess.run(arguments, cwd=REPOSITORY, env=surroundings, capture_output=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == b"2\n"
    assert all(fault.effects for fault in planned)
    faults.clear()
    for folder in folders:
        added = set() if folder.name in ("no file", "upgrade") else {"v"}
        assert user_names_in(folder / path.name) == {"u"} | added, folder
        database = Database(folder / path.name)
        with database.write() as connection:
            accounts.create_user(connection, "w")
        database.close()
        assert user_names_in(folder / path.name) == {"u", "w"} | added, folder
        assert not mark_of(folder / path.name).exists()
