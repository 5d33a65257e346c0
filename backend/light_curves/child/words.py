"""Identifiers and names in columns of any type, as text."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_words(values: NDArray[Any]) -> NDArray[np.str_]:
    """A column as text, (n,): whole numbers without a point, others and gaps as nothing."""
    if values.dtype.kind == "f":
        whole = np.isfinite(values) & (values == np.trunc(values)) & (np.abs(values) < 2.0**62)
        numbers = np.where(whole, values, 0.0).astype(np.int64).astype(str)
        return np.where(whole, numbers, "")
    if values.dtype.kind == "S":
        return np.char.strip(np.char.decode(values, "utf-8", "replace"))
    return np.char.strip(values.astype(str))
