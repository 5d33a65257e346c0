"""Takes rows with everything that goes with them, and puts them back as they were.

What goes with a row is what its foreign keys say: rows that refer to it and would be deleted with
it are taken too; those that would lose the reference are remembered as links.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, ForeignKey, Table, insert, select, update

from backend.database.bin.tables import bin_rows
from backend.database.connection import Record
from backend.database.schema import metadata

# Others refer to their rows, which are found by their ids.
_REFERRED = ("workspaces", "datasets", "studies", "training_sessions", "models")
_BY_ID = (*_REFERRED, "analyses", "batches")

# SQLite takes a limited number of values in a statement.
_AT_A_TIME = 500


class Link(NamedTuple):
    """A reference that a row loses when what it refers to is deleted."""

    table: str
    id: int
    column: str
    value: int


class Taken(NamedTuple):
    """Rows by table, their values as the file has them, and the links to them."""

    rows: dict[str, list[Record]]
    links: list[Link]


def take(connection: Connection, roots: Mapping[str, Sequence[int]]) -> Taken:
    """Read some rows, by table and id, and what goes with them; nothing is deleted."""
    rows: dict[str, list[Record]] = {}
    links: list[Link] = []
    for table in metadata.sorted_tables:
        found = {
            _key(table, each): each
            for each in _where(connection, table, "id", roots.get(table.name, ()))
        }
        for key, parents in _references(table, rows):
            for row in _where(connection, table, key.parent.name, parents):
                if key.ondelete == "CASCADE":
                    found[_key(table, row)] = row
                elif _key(table, row) not in found:
                    links.append(Link(table.name, row["id"], key.parent.name, row[key.parent.name]))
        if found:
            rows[table.name] = list(found.values())
    taken = {(name, row["id"]) for name in _BY_ID for row in rows.get(name, ())}
    return Taken(rows, [each for each in links if (each.table, each.id) not in taken])


def keep(connection: Connection, bin_id: int, rows: Mapping[str, list[Record]]) -> None:
    """Write rows into the bin."""
    packed = []
    for name, found in rows.items():
        if name in _BY_ID:
            packed += [(name, each["id"], [each]) for each in found]
        else:
            packed.append((name, None, found))
    values = [
        {
            "bin_id": bin_id,
            "number": number,
            "table_name": name,
            "row_id": row_id,
            "content": json.dumps(content),
        }
        for number, (name, row_id, content) in enumerate(packed)
    ]
    if values:
        connection.execute(insert(bin_rows), values)


def kept(connection: Connection, bin_id: int) -> dict[str, list[Record]]:
    """The rows of an entry, by table."""
    rows: dict[str, list[Record]] = {}
    query = select(bin_rows.c.table_name, bin_rows.c.content).where(bin_rows.c.bin_id == bin_id)
    for name, content in connection.execute(query.order_by(bin_rows.c.number)):
        rows.setdefault(name, []).extend(json.loads(content))
    return rows


def holder_of(connection: Connection, table: str, row_id: int) -> int | None:
    """The entry that has a row."""
    query = select(bin_rows.c.bin_id).where(
        bin_rows.c.table_name == table, bin_rows.c.row_id == row_id
    )
    return connection.execute(query).scalar()


def missing(connection: Connection, rows: Mapping[str, list[Record]]) -> Iterator[tuple[str, int]]:
    """What rows refer to and is neither among them nor in the database: `(table, id)`."""
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            parent = key.column.table.name
            if parent not in _REFERRED:
                continue
            own = {each["id"] for each in rows.get(parent, ())}
            named = (row.get(key.parent.name) for row in rows.get(table.name, ()))
            wanted = {each for each in named if each is not None} - own
            there = {each["id"] for each in _where(connection, key.column.table, "id", wanted)}
            yield from ((parent, each) for each in sorted(wanted - there))


def put_back(connection: Connection, taken: Taken) -> None:
    """Write rows where they were, and give back the references to them.

    A reference to what is gone for good is lost, as if that had been deleted afterwards.
    """
    gone = set(missing(connection, taken.rows))
    for table in metadata.sorted_tables:
        for row in taken.rows.get(table.name, ()):
            _insert(connection, table, row, gone)
    for link in taken.links:
        _link(connection, Link(*link))


def _insert(connection: Connection, table: Table, row: Record, gone: set[tuple[str, int]]) -> None:
    values = {name: value for name, value in row.items() if name in table.c}
    for key in table.foreign_keys:
        name = key.parent.name
        if (key.column.table.name, values.get(name)) in gone:
            values[name] = None
    if values.get("idempotency_key") is not None and _is_taken(connection, table, values):
        values["idempotency_key"] = None
    names, places = ", ".join(f'"{each}"' for each in values), ", ".join("?" * len(values))
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({places})"
    connection.exec_driver_sql(statement, tuple(values.values()))


def _is_taken(connection: Connection, table: Table, values: Record) -> bool:
    """Whether a request has come with this key while the row was in the bin."""
    query = select(table.c.id).where(
        table.c.workspace_id == values["workspace_id"],
        table.c.idempotency_key == values["idempotency_key"],
    )
    return connection.execute(query).first() is not None


def _link(connection: Connection, link: Link) -> None:
    table = metadata.tables[link.table]
    column = table.c[link.column]
    changed: dict[str, Any] = {link.column: link.value}
    if "version" in table.c:
        changed["version"] = table.c.version + 1
    statement = update(table).where(table.c.id == link.id, column.is_(None)).values(**changed)
    if connection.execute(statement).rowcount:
        return
    own = bin_rows.c.table_name == link.table, bin_rows.c.row_id == link.id
    for content in connection.execute(select(bin_rows.c.content).where(*own)).scalars().all():
        (row,) = json.loads(content)
        if row[link.column] is None:
            again = json.dumps([row | {link.column: link.value}])
            connection.execute(update(bin_rows).where(*own).values(content=again))


def _references(
    table: Table, rows: Mapping[str, list[Record]]
) -> Iterator[tuple[ForeignKey, list[int]]]:
    """The foreign keys of a table that refer to rows that were taken, and their ids."""
    for key in table.foreign_keys:
        parents = rows.get(key.column.table.name)
        if parents:
            yield key, [each[key.column.name] for each in parents]


def _where(
    connection: Connection, table: Table, column: str, values: Iterable[Any]
) -> list[Record]:
    wanted, found = list(values), []
    for start in range(0, len(wanted), _AT_A_TIME):
        part = tuple(wanted[start : start + _AT_A_TIME])
        places = ", ".join("?" * len(part))
        statement = f'SELECT * FROM {table.name} WHERE "{column}" IN ({places})'
        found += [dict(each) for each in connection.exec_driver_sql(statement, part).mappings()]
    return found


def _key(table: Table, row: Record) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)
