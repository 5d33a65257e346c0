"""The rows of a catalogue to predict, in files of their own for as long as they are needed."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from backend.services.aftermath import left_to_the_next_start
from backend.services.context import Services
from backend.storage.dataset_table import TableWriter
from backend.storage.incoming import open_growing
from backend.transit.catalog.reader import Catalog
from backend.transit.columns import EVIDENCE_DTYPE


def new_file(services: Services, stack: ExitStack) -> Path:
    """A place for a file that goes with a context; the start of the server removes it too."""
    path = services.storage.new_incoming()
    stack.enter_context(_temporary(path))
    return path


def write_rows(
    catalog: Catalog,
    rows: Path,
    evidence: Path,
    check: Callable[[], None],
    most: float = math.inf,
) -> bool:
    """Write the rows that can be used, and their evidence.

    Args:
        catalog: that they are read from.
        rows, evidence: new files: `.npy` of ROW_DTYPE and of EVIDENCE_DTYPE.
        check: is called now and then; what it raises ends the work.
        most: of the rows.

    Returns:
        Whether there are at most so many; else not all are written.

    Raises:
        CatalogError: it is not a catalogue, or has no usable row.
        NoSpace: the disk is nearly full.
    """
    count = 0
    with open_growing(rows) as table_file, open_growing(evidence) as evidence_file:
        table, beside = TableWriter(table_file), TableWriter(evidence_file, EVIDENCE_DTYPE)
        for chunk in catalog:
            check()
            count += len(chunk.rows)
            if count > most:
                return False
            table.append(chunk.rows)
            if chunk.evidence is not None:
                beside.append(chunk.evidence)
        table.finish()
        beside.finish()
    return True


@contextmanager
def _temporary(path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        with left_to_the_next_start(f"the deletion of uploads/incoming/{path.name}"):
            path.unlink(missing_ok=True)
