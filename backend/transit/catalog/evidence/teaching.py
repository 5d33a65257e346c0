"""What a table says for the learning alone: the kind of a false positive, the weight of a row."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.names.column_names import MISSING_WORDS
from backend.transit.catalog.numbers import Numbers
from backend.transit.columns import HEAVIEST, TEACHING_DTYPE

EXPECTED_WEIGHT = (
    f"expected a number above 0 and up to {HEAVIEST:g}, how much the row counts in the learning"
)

IF_NO_WEIGHT = '; if the column is something else, say columns={"weight": null}'

_KIND_BYTES = TEACHING_DTYPE["kind"].itemsize


def read_kinds(cells: Sequence[str]) -> tuple[NDArray[np.bytes_], NDArray[np.bool_]]:
    """Read a column of kinds.

    Args:
        cells: the text, (n,).

    Returns:
        S24, (n,), empty where unknown; and bool, (n,), where a cell holds no kind: a number, which
        is the code of something else, or more than 24 bytes, which would be cut to another kind.
    """
    words = {cell: _kind(cell) for cell in set(cells)}
    kinds = np.array([words[cell] or b"" for cell in cells], TEACHING_DTYPE["kind"])
    return kinds, np.array([words[cell] is None for cell in cells], np.bool_)


def wrong_weights(weights: Numbers) -> Iterator[tuple[int, str]]:
    """The positions of the weights that are none, and for each a key of `rejections.REASONS`."""
    reasons = dict.fromkeys(weights.garbled.tolist(), "not_a_number")
    reasons |= dict.fromkeys(weights.ambiguous.tolist(), "ambiguous_number")
    values = weights.values
    is_outside = (values <= 0) | (values > HEAVIEST)
    for i in np.flatnonzero(is_outside).tolist():
        reasons[i] = "out_of_range" if np.isfinite(values[i]) else "not_finite"
    yield from sorted(reasons.items())


def _kind(cell: str) -> bytes | None:
    """UTF-8; b"" where the cell says nothing, None where it holds no kind."""
    text = cell.strip()
    if text.lower() in MISSING_WORDS:
        return b""
    kind = text.encode()
    return None if len(kind) > _KIND_BYTES or _is_number(text) else kind


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
