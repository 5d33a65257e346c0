"""Puts what is deleted into the bin; the caller deletes the rows in the same transaction."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection

from backend.database import batches, workspaces
from backend.database.bin import entries, rows
from backend.database.connection import Record
from backend.services.context import Services
from backend.storage.layout import Storage

# The root of each kind, if it is a single row.
TABLES = {
    "workspace": "workspaces",
    "dataset": "datasets",
    "session": "training_sessions",
    "model": "models",
    "study": "studies",
    "analysis": "analyses",
    "batch": "batches",
}

# What a row takes, where it is not yet measured, as `workspaces.stored_bytes` has it.
_SIZES = {
    "datasets": ("stored_bytes", "file_size"),
    "models": ("stored_bytes", "file_size"),
    "analyses": ("stored_bytes",),
    "batches": ("stored_bytes",),
    "training_sessions": ("checkpoint_bytes",),
    "label_layers": ("stored_bytes",),
}


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
    workspace_id = record["id"] if kind == "workspace" else record["workspace_id"]
    taken = rows.take(connection, {TABLES[kind]: [record["id"]], **(more or {})})
    is_kept = services.settings.bin_days > 0
    entry = entries.add(
        connection,
        kind=kind,
        item_id=record["id"],
        name=name,
        workspace_id=workspace_id,
        owner_id=workspaces.owner_of(connection, workspace_id),
        user_id=user_id,
        identity=record["identity"] if kind == "dataset" else None,
        files=_files(services.storage, taken.rows),
        links=[list(each) for each in taken.links],
        stored_bytes=_bytes(connection, kind, workspace_id, taken.rows),
        gone_at=None,
    )
    if is_kept:
        rows.keep(connection, entry["id"], taken.rows)
    else:
        entries.give_up(connection, [entry["id"]])
    return int(entry["id"])


def _bytes(
    connection: Connection, kind: str, workspace_id: int, found: Mapping[str, list[Record]]
) -> int:
    if kind == "workspace":  # with the copy of its current model
        return workspaces.stored_bytes(connection, [workspace_id])[workspace_id]
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
    for session in found.get("training_sessions", ()):
        if session["checkpoint_bytes"] is not None:
            paths.append(storage.kept_checkpoint(session["id"]))
    there = dict.fromkeys(each for each in paths if each.exists())
    return [each.relative_to(storage.data_dir).as_posix() for each in there]
