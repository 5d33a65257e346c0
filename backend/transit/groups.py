"""Rows of equal keys: which they are, and what they have in common."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS
from backend.transit.keys import Keys
from backend.transit.rows import Index

# Of a key; as many as leave most rows without a fellow apart.
_MOST_LAST_BITS = 22


class Groups(NamedTuple):
    """Groups of rows, by their first row.

    `order`, int32, (k,), holds at least their rows, those of one group one after the other and
    increasing; `starts` and `lengths`, intp, (m,), tell where in it each group stands.
    """

    order: NDArray[np.int32]
    starts: Index
    lengths: Index

    def only(self, which: NDArray[np.bool_]) -> Groups:
        """Some of them, with their own rows alone."""
        some = self._replace(starts=self.starts[which], lengths=self.lengths[which])
        return Groups(some.members()[0], np.cumsum(some.lengths) - some.lengths, some.lengths)

    def first(self, count: int) -> list[NDArray[np.int32]]:
        """The rows of each of the first groups."""
        places = zip(self.starts[:count], self.lengths[:count], strict=True)
        return [self.order[start : start + length] for start, length in places]

    def members(self) -> tuple[NDArray[np.int32], Index]:
        """The rows of all groups, one group after the other, and the number of each one's group."""
        number = np.repeat(np.arange(len(self.lengths)), self.lengths)
        begins = np.cumsum(self.lengths) - self.lengths
        place = np.arange(len(number)) - begins[number] + self.starts[number]
        return self.order[place], number

    def have_different(self, labels: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Which groups, bool, (m,), have rows with different labels; a row without one counts not.

        Args:
            labels: the label's code of each row of the table.
        """
        label = labels[self.order]
        kinds = np.zeros(len(self.starts), np.int8)
        up_to = np.zeros(len(label) + 1, np.int32)
        for code in range(len(LABELS)):
            np.cumsum(label == code, out=up_to[1:])
            kinds += up_to[self.starts + self.lengths] > up_to[self.starts]
        return kinds > 1


def groups_of(keys: Keys) -> Groups:
    """Rows of equal keys, where there are several: increasing, by their first row.

    Args:
        keys: of each row, from `star_keys` or `row_keys`: hashes, so that their last bits tell most
            rows without a fellow apart.
    """
    rows = _may_have_fellows(keys)
    order = rows[np.argsort(keys[rows], kind="stable")]
    del rows
    ordered = keys[order]
    edges = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    del ordered
    starts = np.concatenate([[0], edges])
    lengths = np.diff(np.concatenate([starts, [len(order)]]))
    several = lengths > 1
    starts, lengths = starts[several], lengths[several]
    by_first_row = np.argsort(order[starts])
    return Groups(order, starts[by_first_row], lengths[by_first_row])


def _may_have_fellows(keys: Keys) -> NDArray[np.int32]:
    """Rows, increasing, among which all are that share their key.

    Sorting numbers is several times faster than finding their order.
    """
    bits = min(len(keys).bit_length() + 1, _MOST_LAST_BITS)
    mask = np.uint64((1 << bits) - 1)
    last_bits = (keys & mask).astype(np.int32)
    ordered = np.sort(keys)
    shared = ordered[1:][ordered[1:] == ordered[:-1]]
    del ordered
    is_shared = np.zeros(1 << bits, np.bool_)
    is_shared[(shared & mask).astype(np.int32)] = True
    del shared
    return np.flatnonzero(is_shared[last_bits]).astype(np.int32)
