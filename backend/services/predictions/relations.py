"""How the rows of a catalogue to predict relate to each other and to those of the model's table."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from backend.database import models
from backend.database.connection import Record
from backend.errors import ModelCorrupt
from backend.services.context import Services
from backend.services.datasets.relations import MAX_RELATED
from backend.services.predictions.own_rows import new_file, write_rows
from backend.services.predictions.table import source_of
from backend.storage.verified import copy_verified
from backend.transit.catalog.names.read_as import ReadAs
from backend.transit.catalog.reader import open_catalog
from backend.transit.related import KNOWN_DTYPE, RELATED_DTYPE, RelatedRows, as_table
from backend.transit.rows import Rows
from backend.transit.unrelated import relations_without_neighbours

_NONE = np.zeros(0, KNOWN_DTYPE)

# Rows, those of the model included, that the server looks at itself, in at most 0.1 s; a process
# takes 0.4 s to start.
_MOST_LOOKED_AT = 20_000


class _Files(NamedTuple):
    """The rows of a catalogue, their evidence, and the rows that the model keeps; None: none."""

    rows: Path
    evidence: Path | None
    known: Path | None

    def read(self) -> tuple[Rows, Rows | None, Rows | None]:
        """All of them, as memory-mapped files."""
        table, *others = (None if path is None else np.load(path, mmap_mode="r") for path in self)
        assert table is not None
        return table, *others


@contextmanager
def relations_of_catalogue(
    services: Services,
    model: Record,
    text: BinaryIO,
    read_as: ReadAs,
    own_source: str,
    check: Callable[[], None] = lambda: None,
) -> Iterator[RelatedRows | None]:
    """The relations of a catalogue's rows, to each other and to those of the model's table.

    To the model's, if both are of one survey: the stars of two surveys may have equal numbers.

    Args:
        services: files and child processes.
        model: its row in the database.
        text: the catalogue, at its beginning; it is there again afterwards.
        read_as: what was said of it.
        own_source: the survey of a table in exotrain format.
        check: is called now and then; what it raises ends the work.

    Returns:
        For as long as the context lasts; None where the table is longer than MAX_RELATED rows, or
        takes more memory or time than a table may.

    Raises:
        CatalogError: it is not a catalogue, or has no usable row.
        ModelCorrupt: what the model keeps of its table is damaged or missing.
        NoSpace: the disk is nearly full.
        Unavailable: too many tables are read at the same time.
    """
    with ExitStack() as stack:
        rows, evidence, known, related = (new_file(services, stack) for _ in range(4))
        catalog = open_catalog(text, label_required=False, read_as=read_as)
        is_short = write_rows(catalog, rows, evidence, check, most=MAX_RELATED)
        text.seek(0)
        check()
        if not is_short:
            yield None
            return
        has_known = _copy_known(services, model, source_of(catalog, own_source), known)
        beside = evidence if catalog.evidence.columns else None
        files = _Files(rows, beside, known if has_known else None)
        found = _without_neighbours(files)
        if found is None and services.converter.relate(*files, related, check):
            found = np.load(related, mmap_mode="r")
        if found is None:
            yield None
            return
        table, evidence_of_table, known_rows = files.read()
        yield RelatedRows(
            found, table, evidence_of_table, _NONE if known_rows is None else known_rows
        )


def _without_neighbours(files: _Files) -> Rows | None:
    """The relations, RELATED_DTYPE, (n,), where it is quick to see that no row has a neighbour."""
    table, evidence, known = files.read()
    if len(table) + (0 if known is None else len(known)) > _MOST_LOOKED_AT:
        return None
    values = relations_without_neighbours(
        table, evidence, None if known is None else as_table(known)
    )
    if values is None:
        return None
    found = np.empty(len(values), RELATED_DTYPE)
    found["values"], found["sibling"], found["match"] = values, -1, -1
    return found


def _copy_known(services: Services, model: Record, source: str, path: Path) -> bool:
    """Whether the model keeps rows of the same survey; they are copied."""
    sha256 = models.related_sha256(model)
    if sha256 is None or model["manifest"]["spec"]["source"] != source:
        return False
    kept = services.storage.model_related(model["file"])
    copy_verified(kept, sha256, path)
    rows = np.load(path, mmap_mode="r")
    if rows.dtype != KNOWN_DTYPE:
        raise ModelCorrupt(f"The file {kept.name} holds rows of another kind: {rows.dtype}")
    return len(rows) > 0
