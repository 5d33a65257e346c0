"""Turns a received file into a dataset, with its derived files, or leaves nothing behind.

The same bytes are one dataset in a workspace, however often they are uploaded.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from backend.database import Database, datasets
from backend.database.connection import Record
from backend.services.aftermath import left_to_the_next_start
from backend.services.context import Services
from backend.services.dataset_tables import derive
from backend.services.quota import require_bytes
from backend.storage.atomic import put_in_place, sync
from backend.storage.incoming import IncomingFile
from backend.storage.layout import Storage

_DEFAULT_NAME = "dataset"
_MAX_NAME = 200


def store(
    services: Services, workspace: Record, incoming: IncomingFile, name: str
) -> tuple[Record, bool]:
    """Turn a received file into a dataset.

    Args:
        services: settings, database and files.
        workspace: the workspace that it belongs to.
        incoming: the received file; it is moved to its place, or left for its owner to discard.
        name: the name of the dataset.

    Returns:
        the dataset, and whether it is new; one with the same bytes is returned as it is.

    Raises:
        CatalogError: it is not a catalogue, or has no usable row.
        NoSpace: the quota of the workspace's owner or the disk is full.
    """
    database, storage = services.database, services.storage
    with database.read() as connection:
        existing = datasets.find_by_sha256(connection, workspace["id"], incoming.sha256)
        if existing is not None:
            return existing, False
        require_bytes(services, connection, workspace["owner_id"], incoming.size)
    with ExitStack() as cleanup:
        derived = _Derived(storage, cleanup)
        description = derived.read(incoming)
        for path in (incoming.path, derived.table, derived.rejections):
            sync(path)
        return _record(services, workspace, incoming, derived, name, description)


def name_from(file_name: str | None) -> str:
    """The name of a dataset from the file name: its last part, printable, not too long."""
    last = (file_name or "").replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(c if c.isprintable() else " " for c in last).strip()
    return printable[:_MAX_NAME].strip() or _DEFAULT_NAME


def forget_files(database: Database, storage: Storage, workspace_id: int, sha256: str) -> None:
    """Delete the files of a dataset that was removed, unless it was uploaded again since.

    What cannot be deleted now goes at the next start.
    """
    what = f"the deletion of uploads/{workspace_id}/{sha256}.*"
    with left_to_the_next_start(what), database.write() as connection:
        if datasets.find_by_sha256(connection, workspace_id, sha256) is None:
            storage.remove_dataset(workspace_id, sha256)


class _Derived:
    """The table and the rejections of an upload, until they are moved to their place."""

    def __init__(self, storage: Storage, cleanup: ExitStack) -> None:
        self.table = storage.new_incoming()
        self.rejections = storage.new_incoming()
        for path in (self.table, self.rejections):
            cleanup.callback(path.unlink, missing_ok=True)

    def read(self, incoming: IncomingFile) -> dict[str, Any]:
        """Read the catalogue into both files; returns the columns of its database row."""
        incoming.flush()
        with open(incoming.path, "rb") as source:
            return derive(source, incoming.size, self.table, self.rejections)


def _record(
    services: Services,
    workspace: Record,
    incoming: IncomingFile,
    derived: _Derived,
    name: str,
    description: dict[str, Any],
) -> tuple[Record, bool]:
    """Put the files in place and write the row; the write lock excludes the same bytes."""
    storage, sha256 = services.storage, incoming.sha256
    places: list[tuple[Path, Path]] = [
        (incoming.path, storage.catalogue(workspace["id"], sha256)),
        (derived.table, storage.table(workspace["id"], sha256)),
        (derived.rejections, storage.rejections(workspace["id"], sha256)),
    ]
    with ExitStack() as undo:
        with services.database.write() as connection:
            existing = datasets.find_by_sha256(connection, workspace["id"], sha256)
            if existing is not None:
                return existing, False
            stored = sum(source.stat().st_size for source, _ in places)
            require_bytes(services, connection, workspace["owner_id"], stored)
            undo.callback(forget_files, services.database, storage, workspace["id"], sha256)
            for source, target in places:
                put_in_place(source, target)
            dataset = datasets.create(
                connection,
                workspace["id"],
                name=name,
                sha256=sha256,
                file_size=incoming.size,
                stored_bytes=stored,
                **description,
            )
        undo.pop_all()
    return dataset, True
