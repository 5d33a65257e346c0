"""The training rows that a model keeps, in a file beside it: writing and reading it."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from backend.training.model_file import ModelFileError, read_verified
from backend.training.spec import TrainingSpec
from backend.transit.neighbours import NEIGHBOUR_DTYPE, TrainingNeighbours, keep_neighbours
from backend.transit.rows import Index, Rows


def describe_neighbours(
    spec: TrainingSpec, table: Rows, places: Index
) -> tuple[bytes, dict[str, Any]]:
    """What goes into the file, and what the manifest says of it.

    Args:
        spec: of the session.
        table: ROW_DTYPE, the dataset's rows.
        places: (n,), increasing, where the training rows stand in it.

    Returns:
        The content; and `sha256`, the numbers of `rows` in it and of `training_rows`, and
        `sparse_above`, the mean distance to its five nearest above which a candidate lies in a
        sparse place, or None.
    """
    kept = keep_neighbours(table, places, spec.seed)
    buffer = BytesIO()
    np.save(buffer, kept)
    content = buffer.getvalue()
    return content, {
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(kept),
        "training_rows": len(places),
        "sparse_above": TrainingNeighbours(kept).sparse_above(spec.seed),
    }


def load_neighbours(path: Path, sha256: str) -> TrainingNeighbours:
    """Read the training rows of a model.

    Args:
        path: of their file.
        sha256: hexadecimal, from the model's manifest.

    Raises:
        ModelFileError: the file is missing, was changed, or holds something else.
        OSError: it could not be read now; it may be whole.
    """
    content = read_verified(path, sha256)
    try:
        rows = np.load(BytesIO(content), allow_pickle=False)
    except ValueError as error:
        raise ModelFileError(f"The file {path.name} holds no rows: {error}") from error
    if rows.dtype != NEIGHBOUR_DTYPE:
        raise ModelFileError(f"The file {path.name} holds rows of another kind: {rows.dtype}")
    return TrainingNeighbours(rows)
