"""How the rows of a dataset relate to each other: found in a child process, looked up by row.

The files are made again when they are needed: they are temporary, and no backup has them.
"""

import logging
import os
import threading
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

log = logging.getLogger(__name__)


class DatasetRelations:
    """The relations of datasets' rows, found when they are first asked for."""

    def __init__(self, storage: Storage, tables: DatasetTables, converter: TableConverter) -> None:
        self._storage = storage
        self._tables = tables
        self._converter = converter
        self._one_at_a_time = threading.Lock()
        self._too_much: set[str] = set()  # names of files that cannot be made

    def of(self, dataset: Record) -> RelatedRows | None:
        """Those of one dataset.

        Args:
            dataset: with its profile.

        Returns:
            None where they cannot be found: the table is too long, its rows are missing, or the
            machine is short of something.
        """
        if dataset["num_samples"] > MAX_RELATED:
            return None
        try:
            table, evidence = self._tables.table(dataset), self._tables.evidence(dataset)
            related = self._file(dataset, table, evidence)
            if related is None:
                return None
            return RelatedRows(
                np.load(related, mmap_mode="r"),
                np.load(table, mmap_mode="r"),
                None if evidence is None else np.load(evidence, mmap_mode="r"),
                np.zeros(0, KNOWN_DTYPE),
            )
        except (Conflict, NoSpace, Unavailable, OSError) as error:
            log.warning("the rows of dataset %s were not related: %s", dataset["id"], error)
            return None

    def _file(self, dataset: Record, table: Path, evidence: Path | None) -> Path | None:
        folder = self._storage.temporary
        known = "alone" if evidence is None else "with-evidence"  # which may be read later
        name = f"relations-{dataset['workspace_id']}-{dataset['identity']}-{known}"
        path = folder / f"{name}.npy"
        with self._one_at_a_time:
            if path.exists():
                os.utime(path)
                return path
            if name in self._too_much:
                return None
            new = path.with_suffix(".new")
            new.unlink(missing_ok=True)  # what an earlier failure has left
            if not self._converter.relate(table, evidence, None, new):
                self._too_much.add(name)
                return None
            new.replace(path)
            with left_to_the_next_start("the deletion of relations of other datasets"):
                self._remove_oldest(folder)
        return path

    def _remove_oldest(self, folder: Path) -> None:
        found = sorted(folder.glob("relations-*.npy"), key=lambda path: path.stat().st_mtime)
        for path in found[:-_KEPT]:
            path.unlink(missing_ok=True)
