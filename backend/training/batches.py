"""Rows to batches: curves kept in memory or synthesised on the way, features masked at random."""

from collections.abc import Callable, Collection, Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import FEATURES
from backend.transit.light_curve.curve import BINS, synthesise
from backend.transit.networks import registry
from backend.transit.networks.inputs import catalogue_matrix, feature_matrix

Rows = NDArray[np.void]
Index = NDArray[np.intp]
Batch = tuple[dict[str, NDArray[np.float32]], dict[str, NDArray]]

# How often a feature is hidden from the network while it trains, so that it learns to do without:
# each on its own; impact and snr together, as in a TOI table; the star as a whole.
MASK_ONE = 0.02
MASK_FIT = 0.04
MASK_STAR = 0.02

FIT_FEATURES = ("impact", "snr")
STAR_FEATURES = ("steff", "srad", "slogg", "tmag")

_FIT_COLUMNS = [FEATURES.index(name) for name in FIT_FEATURES]
_STAR_COLUMNS = [FEATURES.index(name) for name in STAR_FEATURES]

# The features that the curve depends on: where one is hidden, the curve must not tell it.
_CURVE_COLUMNS = [FEATURES.index(name) for name in ("impact", "steff", "slogg")]

_CHUNK = 2048

BYTES_PER_CURVE = BINS * 4


class Examples:
    """The rows of one split as arrays that Keras takes.

    Args:
        rows: ROW_DTYPE, (n,).
        band: of the limb darkening, "kepler" or "tess".
        names: the network's inputs.
        keep_curves: whether all curves are made now and kept, or each time when asked for.
        poll: called now and then while curves are made; may raise to end it.
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
        has_catalogue = registry.CATALOGUE_INPUT in names
        self.catalogue = self._whole_catalogue(poll) if has_catalogue else None
        self._curves = self._all_curves(poll) if keep_curves else None

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
        if self._curves is None:
            curves = synthesise(_without(rows, hidden), self._band)
        else:
            curves = self._curves[index]
            if hidden is not None:
                self._replace_telling_curves(curves, rows, hidden)
        inputs = {
            registry.CURVE_INPUT: curves[:, :, None],
            registry.FEATURE_INPUT: feature_matrix(_without(rows, hidden)),
        }
        if self.catalogue is not None:
            inputs[registry.CATALOGUE_INPUT] = self._catalogue_of(index, hidden)
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
        """Epoch after epoch without end; what an epoch gives depends on its number and the seed.

        So a training that resumes at an epoch sees the batches that it would have seen.
        """
        for epoch in count(first_epoch):
            random = np.random.default_rng([seed, 1, epoch])
            order = random.permutation(len(self))
            hidden = hidden_features(len(self), random)
            for start in range(0, len(self), batch_size):
                part = slice(start, start + batch_size)
                yield self.batch(order[part], hidden[part])

    def _all_curves(self, poll: Callable[[], None]) -> NDArray[np.float32]:
        curves = np.empty((len(self), BINS), dtype=np.float32)
        for start in range(0, len(self), _CHUNK):
            poll()
            chunk = slice(start, start + _CHUNK)
            curves[chunk] = synthesise(self.rows[chunk], self._band)
        return curves

    def _whole_catalogue(self, poll: Callable[[], None]) -> NDArray[np.float32]:
        parts = []
        for start in range(0, max(len(self), 1), _CHUNK):
            poll()
            parts.append(catalogue_matrix(self.rows[start : start + _CHUNK], self._band))
        return np.concatenate(parts)

    def _catalogue_of(self, index: Index, hidden: NDArray[np.bool_] | None) -> NDArray[np.float32]:
        assert self.catalogue is not None
        catalogue = self.catalogue[index]
        if hidden is not None:
            rows = self.rows[index]
            telling = np.flatnonzero((hidden & np.isfinite(feature_matrix(rows))).any(axis=1))
            if len(telling):
                without = _without(rows[telling], hidden[telling])
                catalogue[telling] = catalogue_matrix(without, self._band)
        return catalogue

    def _replace_telling_curves(
        self, curves: NDArray[np.float32], rows: Rows, hidden: NDArray[np.bool_]
    ) -> None:
        known = np.isfinite(feature_matrix(rows))
        telling = np.flatnonzero((hidden & known)[:, _CURVE_COLUMNS].any(axis=1))
        if len(telling):
            curves[telling] = synthesise(_without(rows[telling], hidden[telling]), self._band)


def hidden_features(rows: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Draws the features to hide: bool, (rows, 6)."""
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
