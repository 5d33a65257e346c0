"""What the rows of a table say for the learning alone."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.training.spec import TrainingSpec
from backend.transit.columns import LABELS
from backend.transit.keys import read_column
from backend.transit.networks import registry
from backend.transit.rows import Index, Rows

# A kind that fewer false positives of the training rows have is one of the others.
FEWEST_OF_KIND = 10
FEWEST_KINDS = 2
OTHER_KIND = "other kind"

_FALSE_POSITIVE = LABELS.index("FALSE POSITIVE")

# A weight that single precision cannot hold would be 0.
_LIGHTEST = float(np.finfo(np.float32).tiny)


class Teaching(NamedTuple):
    """What is known of the rows of a table while a network learns, and is no input of it.

    Attributes:
        weights: float32, (n,), above 0 and up to 1, how much each counts; None: all alike.
        kinds: int32, (n,), the place of each one's kind among the names, -1 where it has none;
            None: no kinds are learnt.
        names: of the kinds.
    """

    weights: NDArray[np.float32] | None = None
    kinds: NDArray[np.int32] | None = None
    names: tuple[str, ...] = ()


NOTHING_TAUGHT = Teaching()


def teaching_of(
    spec: TrainingSpec, table: Rows, evidence: Rows | None, training: Index
) -> Teaching:
    """What a session learns by besides what its network sees.

    Args:
        spec: of the session.
        table: ROW_DTYPE, (n,).
        evidence: of `columns.evidence_dtype`, (n,), or None.
        training: intp, the training rows.
    """
    if evidence is None:
        return NOTHING_TAUGHT
    weights = weights_of(evidence) if spec.use_weights else None
    if not spec.use_kinds or not registry.NETWORKS[spec.network].takes_curves:
        return Teaching(weights)
    return Teaching(weights, *kinds_of(evidence, read_column(table, "label"), training))


def weights_of(evidence: Rows) -> NDArray[np.float32]:
    """How much each row counts in the learning.

    Args:
        evidence: of `columns.evidence_dtype`, (n,).

    Returns:
        float32, (n,), above 0 and up to 1; 1 where the table does not tell.
    """
    if "weight" not in (evidence.dtype.names or ()):
        return np.ones(len(evidence), np.float32)
    told = read_column(evidence, "weight")
    return np.where(np.isnan(told), 1.0, np.maximum(told, _LIGHTEST)).astype(np.float32)


def kinds_of(
    evidence: Rows, labels: NDArray[np.int8], training: Index
) -> tuple[NDArray[np.int32] | None, tuple[str, ...]]:
    """Which kinds of false positives can be told apart, and which of them each row is.

    Args:
        evidence: of `columns.evidence_dtype`, (n,).
        labels: int8, (n,).
        training: intp, the training rows: a kind is one that enough of these have.

    Returns:
        As in `Teaching`; the last name is that of all other kinds. None and no names where the
        training rows have fewer than two kinds.
    """
    if "kind" not in (evidence.dtype.names or ()):
        return None, ()
    told = np.where(labels == _FALSE_POSITIVE, read_column(evidence, "kind"), b"")
    found, counts = np.unique(told[training], return_counts=True)
    names = found[(counts >= FEWEST_OF_KIND) & (found != b"") & (found != OTHER_KIND.encode())]
    if len(names) < FEWEST_KINDS:
        return None, ()
    places = np.minimum(np.searchsorted(names, told), len(names) - 1)
    kinds = np.where(names[places] == told, places, len(names))
    kinds = np.where(told == b"", -1, kinds).astype(np.int32)
    return kinds, (*(name.decode() for name in names.tolist()), OTHER_KIND)
