"""Puts what real light curves show of rows into a batch, in place of the synthetic curves."""

from collections.abc import Callable
from typing import Self

import numpy as np
from numpy.typing import NDArray

from backend.transit.networks import registry
from backend.transit.networks.inputs import (
    Matrix,
    evidence_matrix,
    local_matrix,
    no_evidence,
    no_local,
)
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Index

# Rows whose folds are read at once.
_CHUNK = 1024

_NO_CURVE = -1

# What is read from a fold and has phase as its first axis, from one end to the other.
IN_PHASE = (registry.CURVE_INPUT, registry.CURVE_OVERVIEW)

Read = Callable[[Matrix], dict[str, Matrix]]


def _nothing(_folds: Matrix) -> dict[str, Matrix]:
    return {}


class RealCurves:
    """The light curves of some rows of a table.

    Args:
        records: VIEW_ROW_DTYPE, (m,), by `row`; may be a memory-mapped file.
        rows: intp, (n,), positions in the table.
        read: from folded flux, float32 (k, 2001), to what is learnt from it, by name; nothing:
            the folds are not read.

    Attributes:
        has: bool, (n,), whether a row has a light curve.
    """

    def __init__(self, records: ViewRows, rows: Index, read: Read = _nothing) -> None:
        self._records, self._read = records, read
        known = np.asarray(records["row"])
        place = np.searchsorted(known, rows)
        self.has = np.zeros(len(rows), bool)
        inside = place < len(known)
        self.has[inside] = known[place[inside]] == rows[inside]
        self._place = np.where(self.has, place, _NO_CURVE)
        self._readings: dict[str, Matrix] | None = None
        self._kept_at = np.full(len(rows), _NO_CURVE)

    @property
    def size(self) -> int:
        """Bytes that `keep` needs."""
        one = self._read(np.ones((1, self._records["global_view"].shape[1]), np.float32))
        return int(self.has.sum()) * sum(each.nbytes for each in one.values())

    @property
    def segments(self) -> NDArray[np.int64]:
        """int64, (n,), how many segments the star of each row has; 0 without a light curve."""
        found = np.zeros(len(self.has), np.int64)
        found[self.has] = self._records["segments"][self._place[self.has]]
        return found

    @property
    def evidence(self) -> Matrix:
        """The `evidence_input` of all rows: float32, (n, 24)."""
        found = no_evidence(len(self.has))
        picked = {"evidence": self._records["evidence"][self._place[self.has]]}
        found[self.has] = evidence_matrix(picked)
        return found

    @property
    def local(self) -> Matrix:
        """The `local_input` of all rows: float32, (n, 105, 5)."""
        found = no_local(len(self.has))
        picked = {"local_views": self._records["local_views"][self._place[self.has]]}
        found[self.has] = local_matrix(picked)
        return found

    def keep(self, poll: Callable[[], None]) -> None:
        """Read all folds once, and keep what was read."""
        places = self._place[self.has]
        parts = []
        for start in range(0, len(places), _CHUNK):
            poll()
            parts.append(self._read_folds(places[start : start + _CHUNK]))
        if parts:
            self._readings = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
            self._kept_at[self.has] = np.arange(len(places))

    def forget(self) -> None:
        """Free the memory of what was read; it is read anew where it is needed."""
        self._readings = None

    def of(self, chosen: Index, *, hidden: bool = False) -> Self:
        """The light curves of some of the rows; `hidden`: none of them has one."""
        less = type(self).__new__(type(self))
        less.__dict__.update(self.__dict__)
        less._place, less._kept_at = self._place[chosen], self._kept_at[chosen]
        less.has = self.has[chosen] & (not hidden)
        return less

    def put(
        self,
        inputs: dict[str, Matrix],
        index: Index,
        hidden: NDArray[np.bool_] | None = None,
        mirrored: NDArray[np.bool_] | None = None,
    ) -> None:
        """Put them into the inputs of a batch that was made from its rows' columns.

        Args:
            inputs: by name; what is read of curves is replaced in place, and `local_input` and
                `evidence_input` are added.
            index: intp, (m,), which rows.
            hidden: bool, (m,), whose light curves are hidden; None hides none.
            mirrored: bool, (m,), whose light curves are put in with time reversed; None: none.
        """
        shown = self.has[index] if hidden is None else self.has[index] & ~hidden
        local, evidence = no_local(len(index)), no_evidence(len(index))
        if shown.any():
            chosen = index[shown]
            places = self._place[chosen]
            # Field by field: a record has the whole orbit too.
            local[shown] = local_matrix({"local_views": self._records["local_views"][places]})
            evidence[shown] = evidence_matrix({"evidence": self._records["evidence"][places]})
            if self._readings is None:
                readings = self._read_folds(places)
            else:
                kept_at = self._kept_at[chosen]
                readings = {name: each[kept_at] for name, each in self._readings.items()}
            for name, values in readings.items():
                inputs[name][shown] = values
            if mirrored is not None:
                turned = shown & mirrored
                for values in (local, *(inputs[name] for name in IN_PHASE if name in readings)):
                    values[turned] = values[turned, ::-1]
        inputs[registry.LOCAL_INPUT], inputs[registry.EVIDENCE_INPUT] = local, evidence

    def _read_folds(self, places: Index) -> dict[str, Matrix]:
        return self._read(np.ascontiguousarray(self._records["global_view"][places]))
