"""Turns a received file into a dataset, with its derived files, or leaves nothing behind.

The same bytes, read in the same way, are one dataset in a workspace, however often they are
uploaded.
"""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection

from backend.database import Database, datasets
from backend.database.bin import entries, rows
from backend.database.connection import Record
from backend.services.aftermath import left_to_the_next_start
from backend.services.bin.meanwhile import require_there
from backend.services.bin.restore import restore
from backend.services.context import Services
from backend.services.datasets.derive import DerivedPaths, derive
from backend.services.quota import require_bytes
from backend.storage.atomic import put_in_place, sha256_of, sync
from backend.storage.dataset_table import is_whole
from backend.storage.incoming import IncomingFile
from backend.storage.layout import SUFFIXES, DatasetFiles, Storage
from backend.tables.converter import TableConverter
from backend.transit.catalog.names.read_as import ReadAs

Came = Literal["new", "there", "restored"]

_DEFAULT_NAME = "dataset"
_MAX_NAME = 200


def store(
    services: Services,
    workspace: Record,
    incoming: IncomingFile,
    name: str,
    suffix: str,
    read_as: ReadAs,
    on_restored: Callable[[Connection, Record], None] = lambda _connection, _dataset: None,
) -> tuple[Record, Came]:
    """Turn a received file into a dataset.

    Args:
        services: settings, database and files.
        workspace: the workspace that it belongs to.
        incoming: the received file; it is moved to its place, or left for its owner to discard.
        name: the name of the dataset.
        suffix: of the file, one of SUFFIXES.
        read_as: what was said of it.
        on_restored: is called in the transaction that restores a dataset.

    Returns:
        the dataset, and whether it is "new"; one with the same bytes, read in the same way, is
        returned as it is ("there"), or comes back from the bin ("restored").

    Raises:
        CatalogError: it is not a catalogue, or has no usable row.
        ReadAsError: what was said does not fit the header.
        NoSpace: the quota of the workspace's owner or the disk is full.
    """
    database, storage = services.database, services.storage
    names = {
        "workspace_id": workspace["id"],
        "sha256": incoming.sha256,
        "suffix": suffix,
        "identity": read_as.identity(incoming.sha256),
    }
    with database.read() as connection:
        existing = datasets.find_by_identity(connection, workspace["id"], names["identity"])
        if existing is not None:
            return existing, "there"
        in_bin = entries.of_dataset(connection, workspace["id"], names["identity"])
        if in_bin is None and not datasets.of_file(connection, workspace["id"], incoming.sha256):
            require_bytes(services, connection, workspace["owner_id"], incoming.size)
    if in_bin is not None and _has_whole_files(services, in_bin):
        restored = _restore(services, names, on_restored)
        if restored is not None:
            return restored, "restored"
    with ExitStack() as cleanup:
        derived = _Derived(storage, cleanup)
        description = derived.read(incoming, services.converter, read_as)
        for path in (incoming.path, *derived.made()):
            sync(path)
        description |= {"name": name, "file_size": incoming.size, "read_as": read_as.to_json()}
        owner_id = workspace["owner_id"]
        return _record(services, owner_id, incoming, derived, names, description, on_restored)


def _has_whole_files(services: Services, entry: Record) -> bool:
    """Whether a dataset in the bin still has its files; else those that come take their place."""
    with services.database.read() as connection:
        found = rows.kept(connection, entry["id"]).get("datasets", [])
    for dataset in found:
        catalogue, table, *_ = services.storage.dataset_files(dataset)
        if not is_whole(table, dataset["num_samples"]):
            return False
        if not catalogue.is_file() or sha256_of(catalogue) != dataset["sha256"]:
            return False
    return bool(found)


def _restore(
    services: Services,
    names: DatasetFiles,
    on_restored: Callable[[Connection, Record], None],
) -> Record | None:
    """The dataset that the bin has of these bytes, back in its place; None: it has gone."""
    with services.database.write() as connection:
        return _restored(services, connection, names, on_restored)


def _restored(
    services: Services,
    connection: Connection,
    names: DatasetFiles,
    on_restored: Callable[[Connection, Record], None],
) -> Record | None:
    workspace_id, identity = names["workspace_id"], names["identity"]
    entry = entries.of_dataset(connection, workspace_id, identity)
    if entry is None or datasets.find_by_identity(connection, workspace_id, identity):
        return None
    restore(services, connection, entry)
    dataset = datasets.find_by_identity(connection, workspace_id, identity)
    if dataset is not None:
        on_restored(connection, dataset)
    return dataset


def read(
    services: Services, workspace: Record, incoming: IncomingFile, read_as: ReadAs
) -> tuple[dict[str, Any], Record | None]:
    """Read a received file as a dataset; nothing is stored.

    Returns:
        what `derive` returns, and the dataset that it is already, if it is one.

    Raises:
        CatalogError: it is not a catalogue, or has no usable row.
        ReadAsError: what was said does not fit the header.
        NoSpace: the disk is full.
    """
    with ExitStack() as cleanup:
        description = _Derived(services.storage, cleanup).read(
            incoming, services.converter, read_as
        )
    identity = read_as.identity(incoming.sha256)
    with services.database.read() as connection:
        return description, datasets.find_by_identity(connection, workspace["id"], identity)


def name_from(file_name: str | None) -> str:
    """The name of a dataset from the file name: its last part, printable, not too long."""
    last = (file_name or "").replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(c if c.isprintable() else " " for c in last).strip()
    return printable[:_MAX_NAME].strip() or _DEFAULT_NAME


def suffix_from(file_name: str | None) -> str:
    """The suffix under which a file is kept: its own, if it is one of a table."""
    suffix = (file_name or "").rpartition(".")[2].lower()
    return suffix if suffix in SUFFIXES else SUFFIXES[0]


def forget_files(database: Database, storage: Storage, dataset: DatasetFiles) -> None:
    """Delete the files of an upload that failed, unless it was made again since.

    Its catalogue stays while another dataset reads it, and so does what the bin needs: who made it
    again may have deleted it already. What cannot be deleted now goes at the next start.
    """
    workspace_id, sha256, identity = (
        dataset[name] for name in ("workspace_id", "sha256", "identity")
    )
    what = f"the deletion of uploads/{workspace_id}/{identity}.*"
    with left_to_the_next_start(what), database.write() as connection:
        if datasets.find_by_identity(connection, workspace_id, identity) is None:
            needed = {storage.data_dir / each for each in entries.files(connection, workspace_id)}
            if datasets.of_file(connection, workspace_id, sha256):
                needed.add(storage.catalogue(workspace_id, sha256, dataset["suffix"]))
            storage.remove_dataset(dataset, needed)


class _Derived:
    """The files made of an upload, until they are moved to their place."""

    def __init__(self, storage: Storage, cleanup: ExitStack) -> None:
        self._paths = DerivedPaths(*(storage.new_incoming() for _ in DerivedPaths._fields))
        for path in self._paths:
            cleanup.callback(path.unlink, missing_ok=True)

    def made(self) -> list[Path]:
        """Those that there are."""
        return self._paths.made()

    def read(
        self, incoming: IncomingFile, converter: TableConverter, read_as: ReadAs
    ) -> dict[str, Any]:
        """Read the catalogue into these files; returns the columns of its database row."""
        incoming.flush()
        with open(incoming.path, "rb") as source:
            return derive(source, incoming.size, self._paths, converter, read_as)


def _record(
    services: Services,
    owner_id: int,
    incoming: IncomingFile,
    derived: _Derived,
    names: DatasetFiles,
    description: dict[str, Any],
    on_restored: Callable[[Connection, Record], None],
) -> tuple[Record, Came]:
    """Put the files in place and write the row; the write lock excludes the same bytes.

    One that is in the bin, since just now or without its files, comes back with these.
    """
    storage, workspace_id, sha256 = services.storage, names["workspace_id"], names["sha256"]
    sources = [incoming.path, *derived.made()]
    with ExitStack() as undo:
        with services.database.write() as connection:
            require_there(connection, workspace_id)
            existing = datasets.find_by_identity(connection, workspace_id, names["identity"])
            if existing is not None:
                return existing, "there"
            restored = _restored(services, connection, names, on_restored)
            if restored is not None:
                for source, target in zip(sources, storage.dataset_files(restored), strict=False):
                    put_in_place(source, target)
                return restored, "restored"
            others = datasets.of_file(connection, workspace_id, sha256)
            if others:  # it has its place already, and counts for the oldest of them
                names = {**names, "suffix": others[0]["suffix"]}
            sizes = [source.stat().st_size for source in sources]
            stored = sum(sizes[1:]) if others else sum(sizes)
            require_bytes(services, connection, owner_id, stored)
            undo.callback(forget_files, services.database, storage, names)
            # Evidence comes last, which may be absent.
            for source, target in zip(sources, storage.dataset_files(names), strict=False):
                put_in_place(source, target)
            dataset = datasets.create(connection, **names, stored_bytes=stored, **description)
        undo.pop_all()
    return dataset, "new"
