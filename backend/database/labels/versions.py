"""The versions of datasets: the file, and what the layer of labels was at some time."""

from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from backend.database.connection import Record, every, first, one
from backend.database.labels.tables import dataset_versions
from backend.database.schema import now


def of_dataset(connection: Connection, dataset_id: int) -> list[Record]:
    """The frozen versions of a dataset, newest first, without their changes, which are counted."""
    columns = [column for column in dataset_versions.c if column.name != "changes"]
    num_changed = func.json_array_length(dataset_versions.c.changes).label("num_changed")
    query = select(*columns, num_changed).where(dataset_versions.c.dataset_id == dataset_id)
    return every(connection, query.order_by(dataset_versions.c.number.desc()))


def find(connection: Connection, dataset_id: int, number: int) -> Record | None:
    """A frozen version with its changes."""
    query = select(dataset_versions).where(
        dataset_versions.c.dataset_id == dataset_id, dataset_versions.c.number == number
    )
    return first(connection, query)


def find_by_hash(connection: Connection, dataset_id: int, sha256: str) -> Record | None:
    """The frozen version with that hash."""
    query = select(dataset_versions).where(
        dataset_versions.c.dataset_id == dataset_id, dataset_versions.c.sha256 == sha256
    )
    return first(connection, query)


def newest(connection: Connection, dataset_id: int) -> Record | None:
    """The frozen version with the highest number."""
    query = select(dataset_versions).where(dataset_versions.c.dataset_id == dataset_id)
    return first(connection, query.order_by(dataset_versions.c.number.desc()).limit(1))


def create(connection: Connection, dataset_id: int, **values: Any) -> Record:
    """Add the next version.

    Args:
        connection: open for writing.
        dataset_id: of the dataset.
        values: sha256, name, user, changes, class_counts, num_excluded.
    """
    last = newest(connection, dataset_id)
    number = 1 if last is None else last["number"] + 1
    statement = insert(dataset_versions).values(
        dataset_id=dataset_id, number=number, created_at=now(), **values
    )
    return one(connection, statement.returning(*dataset_versions.c))


def set_name(connection: Connection, dataset_id: int, number: int, name: str) -> None:
    """Give a version a name."""
    statement = update(dataset_versions).where(
        dataset_versions.c.dataset_id == dataset_id, dataset_versions.c.number == number
    )
    connection.execute(statement.values(name=name))
