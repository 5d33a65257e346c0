"""What is usual of the numbers of prepared rows, for planets and for false positives."""

from pathlib import Path
from typing import Any

import numpy as np

from backend.transit.photometry.evidence import usual_numbers
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE


class DamagedViews(ValueError):
    """A file that is not the views that it should be."""


def usual_of_views(views: Path, table: Path) -> dict[str, dict[str, Any]]:
    """What is usual of the numbers of a dataset's rows with a usable light curve.

    The whole file is looked through: 100,000 rows are 1 GB, but only their numbers are in memory.

    Args:
        views: `.npy` of VIEW_ROW_DTYPE.
        table: of the dataset: `.npy` of ROW_DTYPE, whose labels count.

    Returns:
        As `usual_numbers`.

    Raises:
        DamagedViews: the views are cut off, of something else, or of another table.
        OSError: a file is missing, or cannot be read.
    """
    labels = np.load(table, mmap_mode="r")["label"]
    try:
        records = np.load(views, mmap_mode="r")
    except (ValueError, EOFError) as error:
        raise DamagedViews(f"{views.name} is damaged: {error}") from error
    if records.dtype != VIEW_ROW_DTYPE or records.ndim != 1:
        raise DamagedViews(f"{views.name} holds something else: {records.dtype}")
    rows = np.array(records["row"])
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(labels):
        raise DamagedViews(f"{views.name} is of a table with more than {len(labels):,} rows.")
    return usual_numbers(np.array(records["evidence"]), labels[rows])
