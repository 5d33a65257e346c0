"""Puts what is deleted into the bin; the caller deletes the rows in the same transaction."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from backend.database import batches, datasets, kept, workspaces
from backend.database.bin import entries, rows
from backend.database.connection import Record
from backend.services.context import Services
from backend.storage import curve_files
from backend.storage.layout import Storage

# The root of each kind that is a single row.
TABLES = {
    "dataset": "datasets",
    "session": "training_sessions",
    "model": "models",
    "study": "studies",
    "analysis": "analyses",
    "batch": "batches",
    "curve_set": "curve_sets",
}

# What a row takes, where it is not yet measured, as `workspaces.stored_bytes` has it.
_SIZES = {
    "datasets": ("stored_bytes", "file_size"),
    "models": ("stored_bytes", "file_size"),
    "analyses": ("stored_bytes",),
    "batches": ("stored_bytes",),
    "curve_sets": ("stored_bytes",),
    "training_sessions": ("checkpoint_bytes",),
    "label_layers": ("stored_bytes",),
}

# Beyond so many files in a folder it is listed once, rather than asked for each.
_FEW = 20


class Item(NamedTuple):
    """Something that is deleted: its row, its name in the bin, and what goes with it."""

    record: Record
    name: str
    taken: rows.Taken


def put(
    services: Services,
    connection: Connection,
    kind: str,
    record: Record,
    name: str,
    user_id: int,
    more: Mapping[str, Sequence[int]] | None = None,
) -> int:
    """Put something into the bin, with what its rows take with them.

    Args:
        services: the server's.
        connection: open for writing; the caller deletes the rows afterwards.
        kind: one of TABLES.
        record: its row.
        name: under which the bin shows it.
        user_id: who deletes it.
        more: rows that are deleted with it though nothing in their table says so, by table.

    Returns:
        The entry's id. Without a bin it is deleted for good already, but for its files.
    """
    taken = rows.take(connection, {TABLES[kind]: [record["id"]], **(more or {})})
    return _put(services, connection, kind, [Item(record, name, taken)], user_id)[0]


def put_each(
    services: Services,
    connection: Connection,
    kind: str,
    named: Sequence[tuple[Record, str]],
    user_id: int,
) -> list[int]:
    """Put many things into the bin, an entry each, with as few statements as one needs.

    Args:
        services: the server's.
        connection: open for writing; the caller deletes the rows afterwards.
        kind: one of TABLES, of whose rows none refers to another.
        named: their rows, and the name of each.
        user_id: who deletes them.

    Returns:
        As `put`, in their order.
    """
    taken = rows.take_each(connection, TABLES[kind], [record["id"] for record, _ in named])
    items = [Item(record, name, taken[record["id"]]) for record, name in named]
    return _put(services, connection, kind, items, user_id)


def put_workspace(
    services: Services, connection: Connection, workspace: Record, user_id: int
) -> int:
    """Put a workspace into the bin: its rows stay where they are, and the entry hides them.

    Its files are found by these rows, but for the finished epochs of failed sessions.

    Args:
        services: the server's.
        connection: open for writing.
        workspace: its row; nothing in it trains or waits.
        user_id: who deletes it.

    Returns:
        As `put`.
    """
    storage, workspace_id = services.storage, workspace["id"]
    with_epochs = kept.with_checkpoint(connection, workspace_id)
    paths = [storage.kept_checkpoint(each["id"]) for each in with_epochs]
    stored = workspaces.stored_bytes(connection, [workspace_id])  # with its current model's copy
    entry = entries.add(
        connection,
        kind="workspace",
        item_id=workspace_id,
        name=workspace["name"],
        workspace_id=workspace_id,
        owner_id=workspace["owner_id"],
        user_id=user_id,
        identity=None,
        files=_relative(storage, paths),
        links=[],
        stored_bytes=stored[workspace_id],
    )
    if services.settings.bin_days == 0:
        entries.give_up(connection, [entry["id"]])
    return int(entry["id"])


def _put(
    services: Services, connection: Connection, kind: str, items: list[Item], user_id: int
) -> list[int]:
    places = {each.record["workspace_id"] for each in items}
    owners = {each: workspaces.owner_of(connection, each) for each in places}
    values = [
        {
            "kind": kind,
            "item_id": record["id"],
            "name": name,
            "workspace_id": record["workspace_id"],
            "owner_id": owners[record["workspace_id"]],
            "user_id": user_id,
            "identity": record["identity"] if kind == "dataset" else None,
            "files": _files(services.storage, taken.rows),
            "links": [list(each) for each in taken.links],
            "stored_bytes": _bytes(taken.rows) + _catalogue_bytes(connection, kind, record),
        }
        for record, name, taken in items
    ]
    by_item = entries.add_each(connection, values) if values else {}
    bin_ids = [by_item[each.record["id"]] for each in items]
    if services.settings.bin_days > 0:
        taken_rows = [each.taken.rows for each in items]
        rows.keep(connection, dict(zip(bin_ids, taken_rows, strict=True)))
    else:
        entries.give_up(connection, bin_ids)
    return bin_ids


def _catalogue_bytes(connection: Connection, kind: str, record: Record) -> int:
    """What a dataset's own count leaves out: a catalogue that an older one counts."""
    if kind != "dataset" or record["stored_bytes"] is None:
        return 0
    oldest = datasets.of_file(connection, record["workspace_id"], record["sha256"])[0]
    return 0 if oldest["id"] == record["id"] else int(record["file_size"])


def _bytes(found: Mapping[str, list[Record]]) -> int:
    return sum(
        next((row[name] for name in names if row[name] is not None), 0)
        for table, names in _SIZES.items()
        for row in found.get(table, ())
    )


def _files(storage: Storage, found: Mapping[str, list[Record]]) -> list[str]:
    paths: list[Path] = []
    for dataset in found.get("datasets", ()):
        paths += [*storage.dataset_files(dataset), *storage.all_version_labels(dataset)]
    for model in found.get("models", ()):
        paths += storage.model_files(model["file"])
    for batch in found.get("batches", ()):
        if batches.has_result(batch):
            place = batch["workspace_id"], batch["id"]
            paths += [storage.batch_result(*place), storage.batch_index(*place)]
    for curve_set in found.get("curve_sets", ()):
        paths += curve_files.files(storage, curve_set)
    for session in found.get("training_sessions", ()):
        if session["checkpoint_bytes"] is not None:
            paths.append(storage.kept_checkpoint(session["id"]))
    return _relative(storage, dict.fromkeys(paths))


def _relative(storage: Storage, paths: Iterable[Path]) -> list[str]:
    """Those of some paths that are there, as the bin names them."""
    folders: dict[Path, list[Path]] = {}
    for path in paths:
        folders.setdefault(path.parent, []).append(path)
    there = [each for folder, inside in folders.items() for each in _there(folder, inside)]
    return [each.relative_to(storage.data_dir).as_posix() for each in there]


def _there(folder: Path, paths: list[Path]) -> list[Path]:
    if len(paths) <= _FEW:
        return [each for each in paths if each.exists()]
    names = set(os.listdir(folder)) if folder.exists() else set()
    return [each for each in paths if each.name in names]
