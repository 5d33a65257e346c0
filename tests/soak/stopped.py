"""A data folder that no server uses: its database and its files, as the checker reads them.

The database is read from a copy: SQLite repairs what it opens, and the repair is the server's.
"""

import json
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

Row = dict[str, Any]

_JSON = ("error", "spec", "manifest")


class Stopped:
    """A stopped data folder.

    Attributes:
        data_dir: the folder.
        integrity: what `PRAGMA integrity_check` and `foreign_key_check` say, without "ok".
        sessions, epochs, models, datasets, workspaces: the rows of these tables; the sessions,
            models, datasets and workspaces by id.
        in_bin: the files of what was deleted and can be restored.
    """

    def __init__(self, data_dir: Path) -> None:
        """Read the database.

        Raises:
            sqlite3.DatabaseError: it cannot be read at all.
        """
        self.data_dir = data_dir
        with tempfile.TemporaryDirectory() as folder:
            for path in data_dir.glob("exotrain.db*"):
                if not path.name.endswith("-shm"):  # made anew
                    shutil.copy(path, folder)
            connection = sqlite3.connect(Path(folder) / "exotrain.db")
            try:
                connection.row_factory = sqlite3.Row
                self._read(connection)
            finally:
                connection.close()

    def files(self) -> set[str]:
        """The path of every file, relative to the folder."""
        return {
            str(path.relative_to(self.data_dir))
            for path in self.data_dir.rglob("*")
            if not path.is_dir()
        }

    def _read(self, connection: sqlite3.Connection) -> None:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        self.integrity = [each for each in found if each != "ok"]
        self.integrity += [
            f"a row of {table} refers to a row of {parent} that is not there"
            for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check")
        ]
        self.sessions = _by_id(connection, "training_sessions")
        self.models = _by_id(connection, "models")
        self.datasets = _by_id(connection, "datasets")
        self.workspaces = _by_id(connection, "workspaces")
        kept = connection.execute("SELECT files FROM bin WHERE gone_at IS NULL")
        self.in_bin = {file for (files,) in kept for file in json.loads(files)}
        self.epochs: dict[int, list[int]] = {each: [] for each in self.sessions}
        for row in connection.execute("SELECT session_id, epoch FROM epochs ORDER BY 1, 2"):
            self.epochs.setdefault(row[0], []).append(row[1])


def _by_id(connection: sqlite3.Connection, table: str) -> dict[int, Row]:
    found = {}
    for each in connection.execute(f"SELECT * FROM {table} ORDER BY id"):
        row = dict(each)
        found[row["id"]] = row | {
            name: json.loads(row[name]) for name in _JSON if row.get(name) is not None
        }
    return found
