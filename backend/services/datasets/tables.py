"""The rows of a dataset: read from its catalogue, and read again where they are missing.

After an upload there are files beside the catalogue: the table, the rejections, and the evidence if
the catalogue tells any. They may be gone later, after a restore without them or a mishap. At a
start they are made again: at once for sessions that wait for them, in the background for everybody
else. Then the evidence of datasets is read that were uploaded before it was looked for.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from io import BufferedReader
from pathlib import Path

from backend.database import Database, datasets, kept, sessions
from backend.database.connection import Record
from backend.errors import Conflict, NoSpace, Unavailable
from backend.services.aftermath import left_to_the_next_start
from backend.services.datasets.derive import DerivedPaths, derive
from backend.storage.atomic import put_in_place, sha256_of_open, sync
from backend.storage.dataset_table import are_same, is_whole
from backend.storage.layout import Storage
from backend.tables.converter import TableConverter
from backend.transit.catalog.names.read_as import ReadAs
from backend.transit.catalog.reader import CatalogError
from backend.transit.columns import TEACHING
from backend.transit.simulation.catalogue import is_simulated

_NO_EVIDENCE = "{}"

# By the place of each derived file, where it was made; and what takes some of them there.
Made = Mapping[Path, Path]
Keep = Callable[[Record, Record, Made], None]

_RETRY_SECONDS = "5"

# What the same catalogue must give again.
_SAME = ("num_samples", "num_rejected", "class_counts")

# How long a table that was made again waits for its turn: nobody else waits for it.
_PATIENCE = 30.0

log = logging.getLogger(__name__)


class _Unusable(RuntimeError):
    """The rows cannot be made again; the message says why."""


class _OtherRows(RuntimeError):
    """The rows are read in another way than before."""


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

    def evidence(self, dataset: Record) -> Path | None:
        """The file of what the catalogue tells of the accepted rows besides; None: nothing.

        Args:
            dataset: with its profile.

        Raises:
            Unavailable, Conflict: as of `table`.
        """
        if not dataset["profile"].get("evidence"):
            return None
        path = self._storage.evidence(dataset["workspace_id"], dataset["identity"])
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
        catalogue, *_ = self._storage.dataset_files(dataset)
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
        earlier = [each for each in found if each["evidence"] is None]
        if others or earlier:
            threading.Thread(
                target=self._complete, args=(others, earlier), name="missing tables", daemon=True
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
        """Those of the derived files; `dataset` is as of `datasets.every_one`."""
        _, table, rejections, evidence = self._storage.dataset_files(dataset)
        missing = [] if is_whole(table, dataset["num_samples"]) else [table]
        if not rejections.is_file():
            missing.append(rejections)
        has_evidence = dataset["evidence"] not in (None, _NO_EVIDENCE)
        if has_evidence and not is_whole(evidence, dataset["num_samples"]):
            missing.append(evidence)
        return missing

    def _complete(self, missing: Iterable[Record], earlier: Iterable[Record]) -> None:
        self._rebuild(missing)
        self._look_for_evidence(earlier)

    def _rebuild(self, missing: Iterable[Record]) -> None:
        for dataset in missing:
            called = _called(dataset)
            try:
                self._derive_again(dataset, self._put_missing)
                log.warning("the missing rows of %s were read again from its file", called)
            except (_Unusable, CatalogError, NoSpace, Unavailable, OSError) as error:
                log.error("the rows of %s are missing, and cannot be read: %s", called, error)
            except Exception:
                log.exception("the rows of %s are missing, and cannot be read", called)
            self._waiting.discard(dataset["id"])

    def _look_for_evidence(self, earlier: Iterable[Record]) -> None:
        """Read again what releases up to 0.4.0 read, for the columns that they did not know."""
        for dataset in earlier:
            called = _called(dataset)
            try:
                self._read_for_evidence(dataset, called)
            except (_Unusable, NoSpace, Unavailable, OSError) as error:
                log.warning("%s was not read for epochs and uncertainties: %s", called, error)
            except Exception:
                log.exception("%s was not read for epochs and uncertainties", called)

    def _read_for_evidence(self, dataset: Record, called: str) -> None:
        try:
            self._derive_again(dataset, self._add_evidence)
        except (_OtherRows, CatalogError) as error:
            log.warning("%s stays without epochs and uncertainties: %s", called, error)
            self._record_evidence(dataset, {}, None)

    def _derive_again(self, dataset: Record, keep: Keep) -> None:
        """Read a dataset's file again; `keep` moves what it wants of that to its place."""
        catalogue, *derived = self._storage.dataset_files(dataset)
        made = {path: self._storage.new_incoming() for path in derived}
        try:
            with open(catalogue, "rb") as source:
                _require_same_file(source, dataset)
                read_as = ReadAs(**dataset["read_as"])
                paths, size = DerivedPaths(*made.values()), dataset["file_size"]
                described = derive(source, size, paths, self._converter, read_as, _taught(dataset))
            for path in paths.made():
                sync(path)  # not while others wait for their turn to write
            keep(dataset, described, made)
        finally:
            for path in made.values():
                with left_to_the_next_start(f"the deletion of uploads/incoming/{path.name}"):
                    path.unlink(missing_ok=True)

    def _put_missing(self, dataset: Record, described: Record, made: Made) -> None:
        for name in _SAME:
            if described[name] != dataset[name]:
                raise _Unusable(f"expected {name} {dataset[name]}, read {described[name]}")
        with self._database.write(_PATIENCE) as connection:  # it may be deleted meanwhile
            if datasets.find(connection, dataset["id"]) is not None:
                for path in self._missing(dataset):
                    put_in_place(made[path], path)

    def _add_evidence(self, dataset: Record, described: Record, made: Made) -> None:
        """Sessions and their test rows refer to the rows as they were read: these must be equal."""
        table, *_ = made
        if not are_same(table, made[table]):
            raise _OtherRows("its file gives other rows than before")
        evidence = self._storage.evidence(dataset["workspace_id"], dataset["identity"])
        self._record_evidence(dataset, described["profile"]["evidence"], made[evidence])

    def _record_evidence(self, dataset: Record, found: Record, made: Path | None) -> None:
        with self._database.write(_PATIENCE) as connection:
            current = datasets.find(connection, dataset["id"])
            if current is None:
                return
            size = 0
            if found and made is not None:
                size = made.stat().st_size
                put_in_place(
                    made, self._storage.evidence(current["workspace_id"], current["identity"])
                )
            datasets.set_evidence(connection, current, found, size)


def _taught(dataset: Record) -> list[str]:
    """Those of TEACHING that were read; releases that did not know them took any text there."""
    found = json.loads(dataset["evidence"] or _NO_EVIDENCE)
    return [name for name in TEACHING if name in found]


def _called(dataset: Record) -> str:
    return f"dataset {dataset['id']} ({dataset['name']!r})"


def _require_same_file(source: BufferedReader, dataset: Record) -> None:
    found = sha256_of_open(source)
    if found != dataset["sha256"]:
        raise _Unusable(
            f"its file is not the one that was uploaded: expected sha256 {dataset['sha256']}, "
            f"found {found}"
        )
    source.seek(0)
