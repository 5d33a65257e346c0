"""What a failed call may not change: the rows of the database and the files of the data folder."""

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend.database.schema import metadata
from backend.services.context import Services

# SQLite's own; the rows are compared instead.
_DATABASE = "exotrain.db"


def files_in(folder: Path) -> dict[str, str]:
    """The hash of every file below a folder, by its path; without the database's."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(_DATABASE)
    }


def names_in(folder: Path) -> set[str]:
    """The paths of the files below a folder, at a moment at which they may change."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def rows_of(services: Services) -> dict[str, list[Any]]:
    """Every row of every table."""
    with services.database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in metadata.sorted_tables
        }


def all_of(services: Services) -> tuple[dict[str, str], dict[str, list[Any]]]:
    """Everything that is stored."""
    return files_in(services.settings.data_dir), rows_of(services)
