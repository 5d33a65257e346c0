"""The labels of a frozen version of a dataset, a file beside its table: int8, one a row."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from backend.storage.atomic import write_atomically
from backend.transit.rows import Rows


def with_changes(table: Path, changes: Mapping[int, int]) -> Rows:
    """The rows of a table, of which some have another label; the file stays as it is.

    Only the pages of these rows take memory of their own.

    Args:
        table: the path of a file of ROW_DTYPE.
        changes: by row the code of its label.
    """
    rows: Rows = np.load(table, mmap_mode="c" if changes else "r")
    if changes:
        rows["label"][list(changes)] = list(changes.values())
    return rows


def with_labels(table: Path, labels: Path) -> Rows:
    """The rows of a table with the labels of another file, as `with_changes`.

    Raises:
        ValueError: these are labels of other rows.
    """
    rows = np.load(table, mmap_mode="r")
    of_version = np.load(labels)
    if of_version.dtype != np.int8 or of_version.shape != rows.shape:
        raise ValueError(f"expected int8 labels of {len(rows)} rows in {labels.name}")
    changed = np.flatnonzero(np.array(rows["label"]) != of_version)
    places, found = changed.tolist(), of_version[changed].tolist()
    return with_changes(table, dict(zip(places, found, strict=True)))


def make(table: Path, changes: Mapping[int, int], labels: Path) -> None:
    """Write the labels of a version, if they are not there already.

    Raises:
        OSError: for example, the disk is full, or the table is missing.
        ValueError: the table is damaged.
    """
    wanted = np.array(with_changes(table, changes)["label"])
    try:
        if np.array_equal(np.load(labels), wanted):
            return
    except (OSError, ValueError, EOFError):
        pass  # it is missing, or damaged
    write_atomically(labels, lambda file: np.save(file, wanted))
