"""Rows to batches: curves kept in memory or drawn for each batch, features hidden at random."""

from collections.abc import Callable, Collection, Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import FEATURES, STAR_FEATURES
from backend.transit.light_curve.curve import BINS, transit_curves
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks import registry
from backend.transit.networks.inputs import (
    CATALOGUE_COLUMNS,
    Matrix,
    catalogue_matrix,
    feature_matrix,
)
from backend.transit.rows import Index, Rows

Batch = tuple[dict[str, Matrix], dict[str, NDArray]]

# How often a feature is hidden from the network while it trains, so that it learns to do without:
# each on its own; impact and snr together, as in a TOI table; the star as a whole.
MASK_ONE = 0.02
MASK_FIT = 0.04
MASK_STAR = 0.02

FIT_FEATURES = ("impact", "snr")

_FIT_COLUMNS = [FEATURES.index(name) for name in FIT_FEATURES]
_STAR_COLUMNS = [FEATURES.index(name) for name in STAR_FEATURES]

# The features that the curve depends on: where one is hidden, the curve must not reveal it.
_CURVE_COLUMNS = [FEATURES.index(name) for name in ("impact", "steff", "slogg")]

_CHUNK = 2048

BYTES_PER_CURVE = BINS * 4


class Examples:
    """The rows of one split as arrays that Keras takes.

    Args:
        rows: ROW_DTYPE, (n,).
        band: of the limb darkening, "kepler" or "tess".
        names: the network's inputs.
        keep_curves: whether all curves are drawn now and kept, or with each batch.
        poll: called from time to time while curves are drawn; may raise to end it.

    Attributes:
        rows: as given.
        catalogue: float32, (n, 8), the rows' `catalogue_input`; None for a network without it.
    """

    def __init__(
        self,
        rows: Rows,
        band: str,
        names: Collection[str],
        keep_curves: bool,
        poll: Callable[[], None],
    ) -> None:
        self.rows = rows
        self._band = band
        count = len(rows)
        self.catalogue: Matrix | None = None
        if registry.CATALOGUE_INPUT in names:
            self.catalogue = np.empty((count, len(CATALOGUE_COLUMNS)), np.float32)
        self._curves = _empty_curves(count) if keep_curves else None
        self._prepare(poll)

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, index: Index, hidden: NDArray[np.bool_] | None = None) -> Batch:
        """Inputs and targets of some rows.

        Args:
            index: intp, (m,).
            hidden: bool, (m, 6), the features to hide; None hides none.

        Returns:
            {curve_input: float32 (m, 2001, 1); feat_input: float32 (m, 6), NaN where unknown;
            catalogue_input: float32 (m, 8), the same, where the network has it},
            {label: int32 (m, 1); period_out: float32 (m, 1), ln(days); depth_out: float32
            (m, 1), ln(ppm)}.
        """
        rows = self.rows[index]
        inputs = self._inputs(index, rows, hidden)
        targets = {
            registry.LABEL_OUTPUT: rows["label"].astype(np.int32)[:, None],
            registry.PERIOD_OUTPUT: np.log(rows["period"]).astype(np.float32)[:, None],
            registry.DEPTH_OUTPUT: np.log(rows["depth"]).astype(np.float32)[:, None],
        }
        return inputs, targets

    def in_order(self, batch_size: int) -> Iterator[Batch]:
        """All rows once, in their order, nothing hidden."""
        for start in range(0, len(self), batch_size):
            yield self.batch(np.arange(start, min(start + batch_size, len(self))))

    def shuffled(self, batch_size: int, seed: int, first_epoch: int) -> Iterator[Batch]:
        """Yield epoch after epoch without end; an epoch depends only on its number and the seed.

        So a resumed session sees the same batches as an uninterrupted one.
        """
        for epoch in count(first_epoch):
            random = np.random.default_rng([seed, 1, epoch])
            order = random.permutation(len(self))
            hidden = hidden_features(len(self), random)
            for start in range(0, len(self), batch_size):
                part = slice(start, start + batch_size)
                yield self.batch(order[part], hidden[part])

    def _prepare(self, poll: Callable[[], None]) -> None:
        """Solve each row's orbit once, for the curve and the catalogue numbers alike."""
        if self._curves is None and self.catalogue is None:
            return
        for start in range(0, len(self), _CHUNK):
            poll()
            chunk = slice(start, start + _CHUNK)
            rows = self.rows[chunk]
            geometry = transit_geometry(rows, self._band)
            if self.catalogue is not None:
                self.catalogue[chunk] = catalogue_matrix(rows, geometry, self._band)
            if self._curves is not None:
                self._curves[chunk] = transit_curves(geometry)

    def _inputs(
        self, index: Index, rows: Rows, hidden: NDArray[np.bool_] | None
    ) -> dict[str, Matrix]:
        shown = _without(rows, hidden)
        features = feature_matrix(shown)
        was_known = np.isfinite(feature_matrix(rows)) & ~np.isfinite(features)
        is_drawn = np.full(len(rows), self._curves is None)
        is_drawn |= was_known[:, _CURVE_COLUMNS].any(axis=1)
        is_derived = np.full(len(rows), self.catalogue is not None)
        is_derived &= was_known.any(axis=1)
        is_solved = is_drawn | is_derived
        geometry = transit_geometry(shown[is_solved], self._band)

        curves = self._curves[index] if self._curves is not None else _empty_curves(len(rows))
        curves[is_drawn] = transit_curves(geometry[is_drawn[is_solved]])
        inputs = {registry.CURVE_INPUT: curves[:, :, None], registry.FEATURE_INPUT: features}
        if self.catalogue is not None:
            catalogue = self.catalogue[index]
            catalogue[is_derived] = catalogue_matrix(
                shown[is_derived], geometry[is_derived[is_solved]], self._band
            )
            inputs[registry.CATALOGUE_INPUT] = catalogue
        return inputs


def _empty_curves(rows: int) -> Matrix:
    return np.empty((rows, BINS), np.float32)


def hidden_features(rows: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Draw the features to hide: bool, (rows, 6)."""
    hidden = random.random((rows, len(FEATURES))) < MASK_ONE
    hidden[:, _FIT_COLUMNS] |= random.random((rows, 1)) < MASK_FIT
    hidden[:, _STAR_COLUMNS] |= random.random((rows, 1)) < MASK_STAR
    return hidden


def without_features(rows: Rows, names: Collection[str]) -> Rows:
    """The same rows with some features unknown."""
    hidden = np.array([name in names for name in FEATURES])
    return _without(rows, np.broadcast_to(hidden, (len(rows), len(FEATURES))))


def _without(rows: Rows, hidden: NDArray[np.bool_] | None) -> Rows:
    if hidden is None:
        return rows
    rows = rows.copy()
    for column, name in enumerate(FEATURES):
        rows[name][hidden[:, column]] = np.nan
    return rows
