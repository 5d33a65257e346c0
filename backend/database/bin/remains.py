"""Removes the rows of what was deleted for good, a part at a time: no writer waits long."""

from sqlalchemy import Connection, Table, delete, select

from backend.database import workspaces
from backend.database.bin.tables import bin_rows
from backend.database.connection import Record
from backend.database.curves.tables import (
    curve_imports,
    curve_sets,
    curve_uploads,
    curve_views,
)
from backend.database.labels.tables import votes
from backend.database.schema import (
    analyses,
    batches,
    datasets,
    models,
    studies,
    training_sessions,
)

# A session has some 16 kB and 20 epochs: these take 50 ms, as long as so many votes.
_AT_A_TIME = 200
_VOTES_AT_A_TIME = 5000

# What refers to a row goes before it: a long row would be written again to lose its reference.
_IN_ORDER = (
    *(analyses, batches, models, training_sessions, studies, votes, curve_views, datasets),
    *(curve_imports, curve_sets, curve_uploads),
)


def remove_part(connection: Connection, entry: Record) -> bool:
    """Remove some rows of an entry that was deleted for good; False: there were no more.

    Args:
        connection: open for writing.
        entry: one of `entries.gone`.
    """
    own = bin_rows.c.bin_id == entry["id"]
    some = select(bin_rows.c.number).where(own).limit(_AT_A_TIME)
    found = connection.execute(delete(bin_rows).where(own, bin_rows.c.number.in_(some))).rowcount
    if entry["kind"] != "workspace":
        return bool(found)
    if found or any(_remove_some(connection, each, entry["item_id"]) for each in _IN_ORDER):
        return True
    workspaces.remove(connection, entry["item_id"])
    return False


def _remove_some(connection: Connection, table: Table, workspace_id: int) -> bool:
    if table is votes:
        own = select(datasets.c.id).where(datasets.c.workspace_id == workspace_id)
        some = select(votes.c.id).where(votes.c.dataset_id.in_(own)).limit(_VOTES_AT_A_TIME)
    else:
        some = select(table.c.id).where(table.c.workspace_id == workspace_id).limit(_AT_A_TIME)
    return connection.execute(delete(table).where(table.c.id.in_(some))).rowcount > 0
