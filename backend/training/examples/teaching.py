"""What the rows of a table say for the learning alone."""

import numpy as np
from numpy.typing import NDArray

from backend.transit.keys import read_column
from backend.transit.rows import Rows

# A weight that single precision cannot hold would be 0.
_LIGHTEST = float(np.finfo(np.float32).tiny)


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
