"""Puts what is deleted into the bin; the caller deletes the rows in the same transaction."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection

from backend.database import batches, kept, workspaces
from backend.database.bin import entries, rows
from backend.database.connection import Record
from backend.services.context import Services
from backend.storage.layout import Storage

# The root of each kind that is a single row.
TABLES = {
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
    workspace_id = record["workspace_id"]
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
        stored_bytes=_bytes(taken.rows),
        gone_at=None,
    )
    if is_kept:
        rows.keep(connection, entry["id"], taken.rows)
    else:
        entries.give_up(connection, [entry["id"]])
    return int(entry["id"])


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
        gone_at=None,
    )
    if services.settings.bin_days == 0:
        entries.give_up(connection, [entry["id"]])
    return int(entry["id"])


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
    for session in found.get("training_sessions", ()):
        if session["checkpoint_bytes"] is not None:
            paths.append(storage.kept_checkpoint(session["id"]))
    return _relative(storage, dict.fromkeys(paths))


def _relative(storage: Storage, paths: Iterable[Path]) -> list[str]:
    return [each.relative_to(storage.data_dir).as_posix() for each in paths if each.exists()]
