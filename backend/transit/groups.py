"""Rows of equal keys: which they are, and what they have in common."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS, NO_LABEL
from backend.transit.keys import Keys
from backend.transit.rows import Index


class Groups(NamedTuple):
    """Groups of rows, by their first row.

    `order`, intp, (n,), holds the rows, those of one group one after the other and increasing;
    `starts` and `lengths`, intp, (m,), tell where in it each group stands.
    """

    order: Index
    starts: Index
    lengths: Index

    def only(self, which: NDArray[np.bool_]) -> Groups:
        """Some of them, with their own rows alone."""
        some = self._replace(starts=self.starts[which], lengths=self.lengths[which])
        return Groups(some.members()[0], np.cumsum(some.lengths) - some.lengths, some.lengths)

    def first(self, count: int) -> list[Index]:
        """The rows of each of the first groups."""
        places = zip(self.starts[:count], self.lengths[:count], strict=True)
        return [self.order[start : start + length] for start, length in places]

    def members(self) -> tuple[Index, Index]:
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
        edges = np.column_stack([self.starts, self.starts + self.lengths]).ravel()
        most = np.maximum.reduceat(np.append(label, np.int8(NO_LABEL)), edges)[::2]
        label[label == NO_LABEL] = len(LABELS)
        least = np.minimum.reduceat(np.append(label, np.int8(len(LABELS))), edges)[::2]
        return most > least


def groups_of(keys: Keys) -> Groups:
    """Rows of equal keys, where there are several: increasing, by their first row."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    edges = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    starts = np.concatenate([[0], edges])
    lengths = np.diff(np.concatenate([starts, [len(keys)]]))
    several = lengths > 1
    starts, lengths = starts[several], lengths[several]
    by_first_row = np.argsort(order[starts])
    return Groups(order, starts[by_first_row], lengths[by_first_row])
