"""Many stretches of one ordered series side by side, so that NumPy works on all of them at once."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Elements of one block: what a processor's cache holds a few of.
BLOCK_ELEMENTS = 1 << 16


class Block(NamedTuple):
    """Some windows, a row each.

    Attributes:
        rows: which of the windows.
        points: intp, (r, c), of the series' points; meaningless where `is_inside` is False.
        is_inside: bool, (r, c).
    """

    rows: slice
    points: NDArray[np.intp]
    is_inside: NDArray[np.bool]


def blocks(start: NDArray[np.intp], stop: NDArray[np.intp]) -> Iterator[Block]:
    """The windows [start, stop) of a series, in blocks of about BLOCK_ELEMENTS.

    Args:
        start, stop: intp, (w,), of a series that has at least one point.
    """
    longest = int((stop - start).max(initial=1))
    rows = max(BLOCK_ELEMENTS // max(longest, 1), 1)
    for first in range(0, len(start), rows):
        chosen = slice(first, min(first + rows, len(start)))
        begin, end = start[chosen, np.newaxis], stop[chosen, np.newaxis]
        width = max(int((end - begin).max()), 1)
        index = begin + np.arange(width)
        is_inside = index < end
        index[~is_inside] = 0
        yield Block(chosen, index, is_inside)
