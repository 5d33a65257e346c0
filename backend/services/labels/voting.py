"""Votes on labels: takes them, undoes them, sets the rule that decides, shows them by row."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy import Connection

from backend.database import workspaces
from backend.database.connection import Record
from backend.database.labels import votes
from backend.errors import Conflict, Invalid, Unavailable
from backend.services.context import Services
from backend.services.labels.layer import decided, label_name, labels_in_file, labels_of
from backend.services.quota import require_bytes
from backend.storage.dataset_table import read_rows_at
from backend.transit.columns import NO_LABEL

_MOST_ERRORS = 100


def say(
    services: Services,
    connection: Connection,
    dataset: Record,
    user: Record,
    changes: Sequence[Record],
) -> int:
    """Take the votes of a user, all or none; a vote that is cast already changes nothing.

    Args:
        services: the server's.
        connection: open for writing.
        dataset: that they are of.
        user: id and name.
        changes: {row, label (a code, NO_LABEL or None), reason, comment}.

    Returns:
        how many votes are new.

    Raises:
        Invalid: a row is not there, or stands twice.
        NoSpace: the quota of the workspace's owner is used up.
    """
    _require_rows(dataset, changes)
    added, size = votes.cast(connection, dataset["id"], user, changes)
    if added:
        owner_id = workspaces.owner_of(connection, dataset["workspace_id"])
        require_bytes(services, connection, owner_id, size)
        votes.grow(connection, dataset["id"], size)
    return added


def undo(connection: Connection, dataset: Record, user: Record, row: int | None) -> list[int]:
    """Withdraw the last change of a user, or the last one of a row; gives the rows.

    What counts again is stored again: it counts into the quota, which never refuses an undo.

    Raises:
        Conflict: nothing of this user's counts there.
    """
    rows, size = votes.undo(connection, dataset["id"], user, row)
    if not rows:
        where = f"dataset {dataset['id']}" if row is None else f"row {row}"
        raise Conflict(f"There is nothing of yours to undo in {where}.")
    votes.grow(connection, dataset["id"], size)
    return rows


def set_rule(connection: Connection, dataset: Record, rule: str) -> str | None:
    """Set by which rule labels change; gives the one before, or None where it is the same."""
    before = votes.layer_of(connection, dataset["id"])["rule"]
    if before == rule:
        return None
    votes.grow(connection, dataset["id"], rule=rule)
    return before


def described(
    services: Services, connection: Connection, dataset: Record, rows: Sequence[int], *, past: bool
) -> list[Record]:
    """Rows with their votes, in the order given; raises like `DatasetTables.table`.

    Args:
        past: with the votes that do not count any more.
    """
    said = votes.current(connection, dataset["id"], rows)
    every_vote = votes.history(connection, dataset["id"], rows) if past else said
    by_row = {row: list(found) for row, found in groupby(every_vote, key=itemgetter("row"))}
    rule = votes.layer_of(connection, dataset["id"])["rule"]
    owner_id = workspaces.owner_of(connection, dataset["workspace_id"])
    in_file = labels_in_file(services, dataset, rows)
    counting = decided(rule, owner_id, labels_of(said), in_file)
    found = []
    for (row, table_row), name in zip(
        _table_rows(services, dataset, rows), _names(services, dataset, rows), strict=True
    ):
        own = in_file[row]
        label = counting[row].label if row in counting else own
        found.append(
            {
                "row": row,
                "line": int(table_row["line"]),
                "star": table_row["star"].decode("utf-8", "replace") or None,
                "name": name,
                "file_label": None if own == NO_LABEL else label_name(own),
                # A row without a label in the file is not used, but nobody left it out.
                "label": None if label == own == NO_LABEL else label_name(label),
                "decided_by": counting[row].by if row in counting else "file",
                "votes": [_shown(each) for each in by_row.get(row, [])],
            }
        )
    return found


def effective(
    services: Services, connection: Connection, dataset: Record, rows: Sequence[int]
) -> dict[int, Record]:
    """Of the rows among these that have votes: `effective_label` and the number of `votes`."""
    said = votes.current(connection, dataset["id"], rows)
    if not said:
        return {}
    rule = votes.layer_of(connection, dataset["id"])["rule"]
    owner_id = workspaces.owner_of(connection, dataset["workspace_id"])
    in_file = labels_in_file(services, dataset, {each["row"] for each in said})
    counting = decided(rule, owner_id, labels_of(said), in_file)
    counts = Counter(each["row"] for each in said)
    found = {}
    for row, count in counts.items():
        own = in_file[row]
        label = counting[row].label if row in counting else own
        name = None if label == own == NO_LABEL else label_name(label)
        found[row] = {"effective_label": name, "votes": count}
    return found


def _shown(vote: Record) -> Record:
    label = None if vote["label"] is None else label_name(vote["label"])
    return {**vote, "label": label}


def _require_rows(dataset: Record, changes: Sequence[Record]) -> None:
    last, seen, errors = dataset["num_samples"] - 1, set(), []
    for place, each in enumerate(changes):
        row = each["row"]
        if row > last:
            message = f"Expected a row from 0 to {last}, received {row}."
        elif row in seen:
            message = f"Expected each row once, received row {row} again."
        else:
            seen.add(row)
            continue
        errors.append({"field": f"changes.{place}.row", "message": message})
    if errors:
        more = len(errors) - 1
        others = f" There {'is 1 more error' if more == 1 else f'are {more} more errors'}."
        raise Invalid(f"{errors[0]['message']}{others if more else ''}", errors[:_MOST_ERRORS])


def _table_rows(services: Services, dataset: Record, rows: Sequence[int]) -> list[tuple[int, Any]]:
    found = read_rows_at(services.tables.table(dataset), np.array(rows, np.intp))
    return list(zip(rows, found, strict=True))


def _names(services: Services, dataset: Record, rows: Sequence[int]) -> list[str | None]:
    try:
        path = services.tables.evidence(dataset)
    except (Conflict, Unavailable):  # names are only shown
        path = None
    if path is None:
        return [None] * len(rows)
    found = read_rows_at(path, np.array(rows, np.intp))["name"]
    return [each.decode("utf-8", "replace") or None for each in found]
