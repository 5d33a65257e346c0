"""Takes rows with everything that goes with them, and puts them back as they were.

What goes with a row is what its foreign keys say: rows that refer to it and would be deleted with
it are taken too; those that would lose the reference are remembered as links.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, ForeignKey, Table, insert, select, update

from backend.database.bin.tables import bin_rows
from backend.database.connection import Record
from backend.database.schema import metadata

# Others refer to their rows, which are found by their ids.
_REFERRED = ("workspaces", "datasets", "studies", "training_sessions", "models", "curve_sets")
_BY_ID = (*_REFERRED, "analyses", "batches")

# SQLite takes a limited number of values in a statement.
_AT_A_TIME = 5_000

# Rows that have no id of their own are kept so many together.
_TOGETHER = 2_000


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
            if key.ondelete == "CASCADE":
                for row in _where(connection, table, key.parent.name, parents):
                    found[_key(table, row)] = row
                continue
            named = _where(connection, table, key.parent.name, parents, ("id", key.parent.name))
            for row in named:
                links.append(Link(table.name, row["id"], key.parent.name, row[key.parent.name]))
        if found:
            rows[table.name] = list(found.values())
    taken = {(name, row["id"]) for name in _BY_ID for row in rows.get(name, ())}
    return Taken(rows, [each for each in links if (each.table, each.id) not in taken])


def take_each(connection: Connection, table: str, ids: Sequence[int]) -> dict[int, Taken]:
    """As `take`, of many rows of a table at once, for each by itself: none may refer to another."""
    taken = take(connection, {table: ids})
    each = {root: Taken({}, []) for root in ids}
    root_of = {(table, root): root for root in ids}
    for found in metadata.sorted_tables:
        for row in taken.rows.get(found.name, ()):
            root = root_of.get((found.name, row.get("id", 0))) or next(
                root_of[(key.column.table.name, row[key.parent.name])]
                for key in found.foreign_keys
                if (key.column.table.name, row[key.parent.name]) in root_of
            )
            each[root].rows.setdefault(found.name, []).append(row)
            if "id" in row:
                root_of[(found.name, row["id"])] = root
    for link in taken.links:
        (key,) = metadata.tables[link.table].c[link.column].foreign_keys
        each[root_of[(key.column.table.name, link.value)]].links.append(link)
    return each


def keep(connection: Connection, rows_of: Mapping[int, Mapping[str, list[Record]]]) -> None:
    """Write rows into the bin: those of each entry, by its id."""
    values = [each for bin_id, rows in rows_of.items() for each in _packed(bin_id, rows)]
    if values:
        connection.execute(insert(bin_rows), values)


def _packed(bin_id: int, rows: Mapping[str, list[Record]]) -> list[Record]:
    packed = []
    for name, found in rows.items():
        if name in _BY_ID:
            packed += [(name, each["id"], [each]) for each in found]
        else:
            parts = range(0, len(found), _TOGETHER)
            packed += [(name, None, found[start : start + _TOGETHER]) for start in parts]
    return [
        {
            "bin_id": bin_id,
            "number": number,
            "table_name": name,
            "row_id": row_id,
            "content": json.dumps(content),
        }
        for number, (name, row_id, content) in enumerate(packed)
    ]


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
            found = _where(connection, key.column.table, "id", wanted, ("id",))
            there = {each["id"] for each in found}
            yield from ((parent, each) for each in sorted(wanted - there))


def put_back(connection: Connection, taken: Taken) -> None:
    """Write rows where they were, and give back the references to them.

    A reference to what is gone for good is lost, as if that had been deleted afterwards.
    """
    gone = set(missing(connection, taken.rows))
    for table in metadata.sorted_tables:
        found = [_as_now(connection, table, row, gone) for row in taken.rows.get(table.name, ())]
        for columns, rows in groupby(sorted(found, key=tuple), key=tuple):
            names, places = (
                ", ".join(f'"{each}"' for each in columns),
                ", ".join("?" * len(columns)),
            )
            statement = f"INSERT INTO {table.name} ({names}) VALUES ({places})"
            connection.exec_driver_sql(statement, [tuple(each.values()) for each in rows])
    of_link = itemgetter(0, 2, 3)
    for (name, column, value), links in groupby(sorted(taken.links, key=of_link), key=of_link):
        _link(connection, name, column, value, [each[1] for each in links])


def _as_now(
    connection: Connection, table: Table, row: Record, gone: set[tuple[str, int]]
) -> Record:
    """A row as it can be written today.

    What it shows may be of others, which were changed meanwhile: it has a version of its own.
    """
    values = {name: value for name, value in row.items() if name in table.c}
    if "version" in values:
        values["version"] += 1
    for key in table.foreign_keys:
        name = key.parent.name
        if (key.column.table.name, values.get(name)) in gone:
            values[name] = None
    if values.get("idempotency_key") is not None and _is_taken(connection, table, values):
        values["idempotency_key"] = None
    return values


def _is_taken(connection: Connection, table: Table, values: Record) -> bool:
    """Whether a request has come with this key while the row was in the bin."""
    query = select(table.c.id).where(
        table.c.workspace_id == values["workspace_id"],
        table.c.idempotency_key == values["idempotency_key"],
    )
    return connection.execute(query).first() is not None


def _link(connection: Connection, name: str, column: str, value: int, ids: list[int]) -> None:
    """Let rows refer to something again, in their table or in the bin, if they refer to nothing."""
    table = metadata.tables[name]
    changed: dict[str, Any] = {column: value}
    if "version" in table.c:
        changed["version"] = table.c.version + 1
    for start in range(0, len(ids), _AT_A_TIME):
        part = ids[start : start + _AT_A_TIME]
        free = table.c.id.in_(part), table.c[column].is_(None)
        connection.execute(update(table).where(*free).values(**changed))
    there = {each["id"] for each in _where(connection, table, "id", ids, ("id",))}
    for row_id in set(ids) - there:
        _link_in_bin(connection, name, column, value, row_id)


def _link_in_bin(connection: Connection, name: str, column: str, value: int, row_id: int) -> None:
    own = bin_rows.c.table_name == name, bin_rows.c.row_id == row_id
    for content in connection.execute(select(bin_rows.c.content).where(*own)).scalars().all():
        (row,) = json.loads(content)
        if row[column] is None:
            again = json.dumps([row | {column: value}])
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
    connection: Connection,
    table: Table,
    column: str,
    values: Iterable[Any],
    columns: Sequence[str] = (),
) -> list[Record]:
    """The rows with one of these values in a column; all their columns, or only some."""
    names = ", ".join(f'"{each}"' for each in columns) or "*"
    wanted, found = list(values), []
    for start in range(0, len(wanted), _AT_A_TIME):
        part = tuple(wanted[start : start + _AT_A_TIME])
        places = ", ".join("?" * len(part))
        statement = f'SELECT {names} FROM {table.name} WHERE "{column}" IN ({places})'
        found += [dict(each) for each in connection.exec_driver_sql(statement, part).mappings()]
    return found


def _key(table: Table, row: Record) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)
