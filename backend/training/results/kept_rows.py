"""What a model keeps of its table, in two files beside it: writing them, and reading one."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.training.model_file import ModelFileError, read_verified
from backend.training.spec import TrainingSpec
from backend.transit.columns import RELATIONS
from backend.transit.ephemerides import no_evidence
from backend.transit.neighbours import NEIGHBOUR_DTYPE, TrainingNeighbours, keep_neighbours
from backend.transit.related import keep_known
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
    content = _npy(kept)
    return content, {
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(kept),
        "training_rows": len(places),
        "sparse_above": TrainingNeighbours(kept).sparse_above(spec.seed),
    }


def describe_related(
    spec: TrainingSpec,
    table: Rows,
    evidence: Rows | None,
    relations: NDArray[np.float32] | None,
    evaluation: dict[str, Any] | None,
) -> tuple[bytes, dict[str, Any]]:
    """What goes into the file that other rows are related by, and what the manifest says of it.

    Args:
        spec: of the session.
        table: ROW_DTYPE, the dataset's rows, those that no part of the split has among them.
        evidence: EVIDENCE_DTYPE, of the same rows, or None.
        relations: float32, (m, k), the `relation_input` of the training rows, or None.
        evaluation: on the test rows, or None.

    Returns:
        The content; and `sha256`, the numbers of `rows` in it and of `table_rows`; `known`, how
        many training rows have a relation that the network saw; and of the test rows `accuracy`
        `with` the relations and `without`, and without them `precision` and `coverage` of what is
        above the threshold, None where that was not measured.
    """
    known = 0 if relations is None else int(np.isfinite(relations).any(axis=1).sum())
    measured = (evaluation or {}).get("missing_features") or []
    figures = {tuple(each["missing"]): each for each in measured}
    shown, hidden = figures.get((), {}), figures.get((RELATIONS,), {})
    beside = no_evidence(len(table)) if evidence is None else evidence
    kept = keep_known(table, beside, spec.seed)
    content = _npy(kept)
    return content, {
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(kept),
        "table_rows": len(table),
        "known": known,
        "accuracy": {"with": shown.get("accuracy"), "without": hidden.get("accuracy")},
        "precision": hidden.get("precision"),
        "coverage": hidden.get("coverage"),
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


def _npy(rows: Rows) -> bytes:
    buffer = BytesIO()
    np.save(buffer, rows)
    return buffer.getvalue()
