"""The rows of a dataset: read from its catalogue, and read again where they are missing.

After an upload there are two files beside the catalogue, the table and the rejections. They may be
gone later, after a restore without them or a mishap. At a start they are made again: at once for
sessions that wait for them, in the background for everybody else.
"""

import logging
import threading
from collections.abc import Iterable
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from backend.database import Database, datasets, kept, sessions
from backend.database.connection import Record
from backend.errors import Conflict, NoSpace, Unavailable
from backend.services.aftermath import left_to_the_next_start
from backend.storage.atomic import put_in_place, sha256_of_open, sync
from backend.storage.dataset_table import TableWriter, is_whole
from backend.storage.incoming import MEGABYTE, open_growing, require_space
from backend.storage.layout import Storage
from backend.tables.converter import TableConverter
from backend.transit.catalog.names.read_as import ReadAs
from backend.transit.catalog.reader import CatalogError, open_catalog, profile
from backend.transit.simulation.catalogue import is_simulated

# A row of a narrow CSV is about 60 bytes long, and 129 in the table.
_DERIVED_PER_BYTE = 2.5

# Reading many lines at once needs pandas, of 43 MB and half a second: not for a small table.
WORTH_PANDAS = 8 * MEGABYTE

_RETRY_SECONDS = "5"

# What the same catalogue must give again.
_SAME = ("num_samples", "num_rejected", "class_counts")

# How long a table that was made again waits for its turn: nobody else waits for it.
_PATIENCE = 30.0

log = logging.getLogger(__name__)


class _Unusable(RuntimeError):
    """The rows cannot be made again; the message says why."""


def derive(
    source: BinaryIO,
    size: int,
    table: Path,
    rejections: Path,
    converter: TableConverter,
    read_as: ReadAs,
) -> dict[str, Any]:
    """Read a catalogue into both files.

    Args:
        source: the catalogue, an open file with a name, at its beginning.
        size: of the catalogue, in bytes.
        table, rejections: new files.
        converter: makes text of a VOTable, a spreadsheet and the like.
        read_as: what was said of it.

    Returns:
        The columns of its database row that tell about its content.

    Raises:
        CatalogError: it is not a catalogue, or has no usable row.
        ReadAsError: what was said does not fit the header.
        NoSpace: the disk is nearly full.
        Unavailable: too many files that are no text are read at the same time.
    """
    require_space(table.parent, int(size * _DERIVED_PER_BYTE))
    with (
        converter.as_text(source, table.parent, read_as.table) as (text, converted),
        open_growing(table) as rows,
        TextIOWrapper(open_growing(rejections), encoding="utf-8") as sink,
    ):
        simulated = is_simulated(text)
        catalog = open_catalog(
            text,
            label_required=True,
            rejection_sink=sink,
            read_as=read_as,
            with_records=size < WORTH_PANDAS,
        )
        writer = TableWriter(rows)
        for chunk in catalog:
            writer.append(chunk.rows)
        writer.finish()
    rows_read = np.load(table, mmap_mode="r")
    reading = catalog.reading() | {"notes": converted.notes if converted else []}
    described = profile(rows_read, catalog.rejections.summary(), reading)
    described["file"] = converted.described() if converted else None
    described["form"] = catalog.form
    described["simulated"] = simulated
    described["recognised"] = catalog.columns
    described["factors"] = {column: each.factor for column, each in catalog.scales.items()}
    described["unread"] = len(catalog.header) - len(catalog.columns)
    return {
        "source": catalog.source,
        "num_samples": described["rows"],
        "num_rejected": catalog.rejections.total,
        "class_counts": described["class_counts"],
        "profile": described,
    }


class DatasetTables:
    """Where the rows of datasets are; makes missing ones again."""

    def __init__(self, database: Database, storage: Storage, converter: TableConverter) -> None:
        self._database = database
        self._storage = storage
        self._converter = converter
        self._waiting: set[int] = set()  # ids of datasets

    def table(self, dataset: Record) -> Path:
        """The file of the accepted rows.

        Raises:
            Unavailable: it is being made again.
            Conflict: it is missing, or cut off.
        """
        path = self._storage.table(dataset["workspace_id"], dataset["identity"])
        self._require(is_whole(path, dataset["num_samples"]), dataset, "accepted")
        return path

    def rejections(self, dataset: Record) -> Path:
        """The file of the rejected rows; raises like `table`."""
        path = self._storage.rejections(dataset["workspace_id"], dataset["identity"])
        self._require(path.is_file(), dataset, "rejected")
        return path

    def is_simulated(self, dataset: Record) -> bool | None:
        """Whether exotrain's simulator made the catalogue.

        Releases up to 0.3.0 did not look: then its file says so; None if it cannot be read.
        """
        known = dataset["profile"].get("simulated")
        if known is not None:
            return known
        catalogue, _, _ = self._storage.dataset_files(dataset)
        try:
            with open(catalogue, "rb") as source:
                return is_simulated(source)
        except OSError as error:
            log.warning("dataset %s: %s", dataset["id"], error)
            return None

    def rebuild_missing(self) -> None:
        """Make again what unfinished sessions need, and start a thread that makes the rest."""
        with self._database.read() as connection:
            found = datasets.every_one(connection)
            waiting = sessions.with_status(connection, "pending", "training")
            waiting += kept.requested(connection)
        needed = {each["dataset_id"] for each in waiting}
        missing = [each for each in found if self._missing(each)]
        self._waiting = {each["id"] for each in missing}
        self._rebuild(each for each in missing if each["id"] in needed)
        others = [each for each in missing if each["id"] not in needed]
        if others:
            threading.Thread(
                target=self._rebuild, args=(others,), name="missing tables", daemon=True
            ).start()

    def _require(self, is_there: bool, dataset: Record, what: str) -> None:
        if is_there:
            return
        name = f"The {what} rows of dataset {dataset['id']} ({dataset['name']!r})"
        if dataset["id"] in self._waiting:
            detail = f"{name} are being read again from its file. Try again in a few seconds."
            raise Unavailable(detail, Retry_After=_RETRY_SECONDS)
        raise Conflict(
            f"{name} are missing on the server. Start it again: it reads them from the dataset's "
            "file, or its log says why it cannot. Else restore the dataset's files from a backup, "
            "or delete it and upload it again."
        )

    def _missing(self, dataset: Record) -> list[Path]:
        _, table, rejections = self._storage.dataset_files(dataset)
        missing = [] if is_whole(table, dataset["num_samples"]) else [table]
        return missing if rejections.is_file() else [*missing, rejections]

    def _rebuild(self, missing: Iterable[Record]) -> None:
        for dataset in missing:
            called = f"dataset {dataset['id']} ({dataset['name']!r})"
            try:
                self._derive_again(dataset)
                log.warning("the missing rows of %s were read again from its file", called)
            except (_Unusable, CatalogError, NoSpace, Unavailable, OSError) as error:
                log.error("the rows of %s are missing, and cannot be read: %s", called, error)
            except Exception:
                log.exception("the rows of %s are missing, and cannot be read", called)
            self._waiting.discard(dataset["id"])

    def _derive_again(self, dataset: Record) -> None:
        catalogue, *derived = self._storage.dataset_files(dataset)
        made = {path: self._storage.new_incoming() for path in derived}
        try:
            with open(catalogue, "rb") as source:
                _require_same_file(source, dataset)
                table, rejections = made.values()
                read_as = ReadAs(**dataset["read_as"])
                size = dataset["file_size"]
                described = derive(source, size, table, rejections, self._converter, read_as)
            _require_same_rows(described, dataset)
            for path in made.values():
                sync(path)  # not while others wait for their turn to write
            with self._database.write(_PATIENCE) as connection:  # it may be deleted meanwhile
                if datasets.find(connection, dataset["id"]) is not None:
                    for path in self._missing(dataset):
                        put_in_place(made[path], path)
        finally:
            for path in made.values():
                with left_to_the_next_start(f"the deletion of uploads/incoming/{path.name}"):
                    path.unlink(missing_ok=True)


def _require_same_file(source: BufferedReader, dataset: Record) -> None:
    found = sha256_of_open(source)
    if found != dataset["sha256"]:
        raise _Unusable(
            f"its file is not the one that was uploaded: expected sha256 {dataset['sha256']}, "
            f"found {found}"
        )
    source.seek(0)


def _require_same_rows(described: Record, dataset: Record) -> None:
    for name in _SAME:
        if described[name] != dataset[name]:
            raise _Unusable(f"expected {name} {dataset[name]}, read {described[name]}")
