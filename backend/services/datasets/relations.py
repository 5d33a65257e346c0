"""How the rows of a dataset relate to each other: found in a child process, looked up by row.

They are found in the background when somebody first asks; nobody waits for long. The files are made
again when they are needed: they are temporary, and no backup has them.
"""

import logging
import os
import threading
import time
from pathlib import Path

import numpy as np

from backend.database.connection import Record
from backend.errors import Conflict, NoSpace, Unavailable
from backend.services.aftermath import left_to_the_next_start
from backend.services.datasets.tables import DatasetTables
from backend.storage.layout import Storage
from backend.tables.converter import TableConverter
from backend.transit.related import KNOWN_DTYPE, RelatedRows

# Those of longer tables are not looked for: it takes seconds, and many neighbours are chance.
MAX_RELATED = 200_000

# Of datasets whose relations are kept until the next start; 128 bytes a row.
_KEPT = 16

# Of datasets whose relations are being found; further ones have to ask again.
_MOST_AT_ONCE = 4

# How long a caller waits by default: a table of the size of the KOI table takes less.
PATIENCE_SECONDS = 2.0

# After it was too much, a table is not tried again for so long.
_PAUSE_SECONDS = 600.0

log = logging.getLogger(__name__)


class StillRelating(Exception):
    """The relations are being found: ask again in a few seconds."""


class DatasetRelations:
    """The relations of datasets' rows."""

    def __init__(self, storage: Storage, tables: DatasetTables, converter: TableConverter) -> None:
        self._storage = storage
        self._tables = tables
        self._converter = converter
        self._lock = threading.Lock()
        # By the name of the file.
        self._being_found: dict[str, threading.Event] = {}
        self._not_before: dict[str, float] = {}

    def of(self, dataset: Record, patience: float | None = None) -> RelatedRows | None:
        """Those of one dataset.

        Args:
            dataset: with its profile.
            patience: how long to wait, in seconds; None: PATIENCE_SECONDS.

        Returns:
            None where they cannot be found: the table is too long, or takes too much; its rows are
            missing; or the machine is short of something.

        Raises:
            StillRelating: they are being found, or those of too many other datasets are.
        """
        if dataset["num_samples"] > MAX_RELATED:
            return None
        try:
            table, evidence = self._tables.table(dataset), self._tables.evidence(dataset)
        except (Conflict, Unavailable) as error:
            log.warning("the rows of dataset %s were not related: %s", dataset["id"], error)
            return None
        path = self._path(dataset, has_evidence=evidence is not None)
        if not path.exists() and not self._find(
            path, table, evidence, PATIENCE_SECONDS if patience is None else patience
        ):
            return None
        try:
            os.utime(path)
            return RelatedRows(
                np.load(path, mmap_mode="r"),
                np.load(table, mmap_mode="r"),
                None if evidence is None else np.load(evidence, mmap_mode="r"),
                np.zeros(0, KNOWN_DTYPE),
            )
        except OSError as error:  # it may just have been removed for others
            log.warning("the relations of dataset %s cannot be read: %s", dataset["id"], error)
            return None

    def forget(self, dataset: Record) -> None:
        """Delete those of a dataset that is deleted."""
        for has_evidence in (False, True):
            path = self._path(dataset, has_evidence=has_evidence)
            with left_to_the_next_start(f"the deletion of {path.name}"):
                path.unlink(missing_ok=True)

    def _path(self, dataset: Record, *, has_evidence: bool) -> Path:
        known = "with-evidence" if has_evidence else "alone"  # it may be read later
        name = f"relations-{dataset['workspace_id']}-{dataset['identity']}-{known}.npy"
        return self._storage.temporary / name

    def _find(self, path: Path, table: Path, evidence: Path | None, patience: float) -> bool:
        """Whether they are there now."""
        with self._lock:
            if path.exists():
                return True
            found = self._being_found.get(path.name)
            if found is None:
                if time.monotonic() < self._not_before.get(path.name, 0.0):
                    return False
                if len(self._being_found) >= _MOST_AT_ONCE:
                    raise StillRelating
                found = threading.Event()
                thread = threading.Thread(
                    target=self._relate,
                    args=(path, table, evidence, found),
                    name="relations",
                    daemon=True,
                )
                try:
                    thread.start()
                except RuntimeError as error:  # none can be had
                    log.warning("%s was not made: %s", path.name, error)
                    return False
                self._being_found[path.name] = found
        if not found.wait(patience):
            raise StillRelating
        return path.exists()

    def _relate(
        self, path: Path, table: Path, evidence: Path | None, found: threading.Event
    ) -> None:
        try:
            self._make(path, table, evidence)
        except (NoSpace, Unavailable, OSError) as error:
            log.warning("%s was not made: %s", path.name, error)
        except Exception:
            log.exception("%s was not made", path.name)
        finally:
            with self._lock:
                self._being_found.pop(path.name, None)
            found.set()

    def _make(self, path: Path, table: Path, evidence: Path | None) -> None:
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)  # what an earlier failure has left
        if not self._converter.relate(table, evidence, None, new):
            self._not_before[path.name] = time.monotonic() + _PAUSE_SECONDS
            return
        new.replace(path)
        with left_to_the_next_start("the deletion of relations of other datasets"):
            self._remove_oldest()

    def _remove_oldest(self) -> None:
        found = self._storage.temporary.glob("relations-*.npy")
        for path in sorted(found, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            path.unlink(missing_ok=True)
