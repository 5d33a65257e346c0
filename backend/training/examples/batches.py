"""Rows to batches: curves read once or with each batch, features hidden at random."""

import copy
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import numpy as np
from numpy.typing import NDArray

from backend.training.examples.hiding import (
    hidden_curves,
    hidden_features,
    hidden_relations,
    hide_features,
    mirrored_curves,
    without_features,
)
from backend.training.examples.real_curves import RealCurves
from backend.transit.columns import FEATURES, LIGHT_CURVE, RELATIONS
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

# The features that the curve depends on: where one is hidden, the curve must not reveal it.
_CURVE_COLUMNS = [FEATURES.index(name) for name in ("impact", "steff", "slogg")]

# Rows whose curves are drawn at once.
_CHUNK = 1024

# Rows whose hidden features are drawn at once: a curve alone costs more than one of many.
_STRETCH = 2048

Read = Callable[[Matrix], dict[str, Matrix]]


def whole_curve(curves: Matrix) -> dict[str, Matrix]:
    """What a network learns from that has the curve itself as its input."""
    return {registry.CURVE_INPUT: curves[:, :, np.newaxis]}


class Examples:
    """The rows of one split as arrays that Keras takes.

    Args:
        rows: ROW_DTYPE, or without its `line` and `star`, (n,).
        band: of the limb darkening, "kepler" or "tess".
        names: what the network learns from.
        keep_bytes: what is read from the curves is kept if it takes at most this much memory;
            else it is read anew with each batch.
        poll: called from time to time while curves are drawn; may raise to end it.
        read: from curves, float32 (m, 2001), to what is learnt from them, float32 (m, …), by name;
            must not depend on which rows are read together.
        relations: float32, (n, k), the rows' `relation_input`; None for a network without it.
        real: of the same rows; None for a network that reads no light curves.
        weights: float32, (n,), above 0 and up to 1, how much each counts; None: all alike.
        kinds: int32, (n,), which kind of false positive each is, -1 where that is not known; None
            for a network that learns no kinds.

    Attributes:
        rows: as given.
        catalogue: float32, (n, 8), the rows' `catalogue_input`; None for a network without it.
        relations, real: as given.
    """

    def __init__(
        self,
        rows: Rows,
        band: str,
        names: Collection[str],
        keep_bytes: int,
        poll: Callable[[], None],
        read: Read = whole_curve,
        relations: Matrix | None = None,
        real: RealCurves | None = None,
        weights: NDArray[np.float32] | None = None,
        kinds: NDArray[np.int32] | None = None,
    ) -> None:
        self.rows = rows
        self._kinds = kinds
        self._weights = np.ones(len(rows), np.float32) if weights is None else weights
        self.real = real
        self._band = band
        self._read = read
        self.relations = relations
        self.catalogue: Matrix | None = None
        if registry.CATALOGUE_INPUT in names:
            self.catalogue = np.empty((len(rows), len(CATALOGUE_COLUMNS)), np.float32)
        self._readings = self._empty_readings(len(rows))
        size = sum(each.nbytes for each in self._readings.values())
        size += 0 if real is None else real.size
        self._is_kept = size <= keep_bytes
        if not self._is_kept:
            self._readings = self._empty_readings(0)
        self._prepare(poll)
        if real is not None and self._is_kept:
            real.keep(poll)

    def __len__(self) -> int:
        return len(self.rows)

    def batch(
        self,
        index: Index,
        hidden: NDArray[np.bool_] | None = None,
        hidden_relations: NDArray[np.bool_] | None = None,
        hidden_curves: NDArray[np.bool_] | None = None,
        mirrored: NDArray[np.bool_] | None = None,
    ) -> Batch:
        """Inputs and targets of some rows.

        Args:
            index: intp, (m,).
            hidden: bool, (m, 6), the features to hide; None hides none.
            hidden_relations: bool, (m, k), the relations to hide; None hides none.
            hidden_curves: bool, (m,), whose light curves are hidden; None hides none.
            mirrored: bool, (m,), whose light curves run backwards in time; None: none.

        Returns:
            {what `read` gives: float32 (m, …); feat_input: float32 (m, 6), NaN where unknown;
            catalogue_input: float32 (m, 8), relation_input: float32 (m, k), local_input: float32
            (m, 105, 5), and evidence_input: float32 (m, 24), the same, where the network has
            them},
            {label: int32 (m, 1); period_out: float32 (m, 1), ln(days); depth_out: float32
            (m, 1), ln(ppm); weight: float32 (m, 1); kind: int32 (m, 1), where there are any}.
        """
        rows = self.rows[index]
        inputs = self._inputs(index, rows, hidden)
        if self.real is not None:
            self.real.put(inputs, index, hidden_curves, mirrored)
        if self.relations is not None:
            relations = self.relations[index]
            if hidden_relations is not None:
                relations[hidden_relations] = np.nan
            inputs[registry.RELATION_INPUT] = relations
        targets = {
            registry.LABEL_OUTPUT: rows["label"].astype(np.int32)[:, None],
            registry.PERIOD_OUTPUT: np.log(rows["period"]).astype(np.float32)[:, None],
            registry.DEPTH_OUTPUT: np.log(rows["depth"]).astype(np.float32)[:, None],
            registry.WEIGHT: self._weights[index][:, None],
        }
        if self._kinds is not None:
            targets[registry.KIND_OUTPUT] = self._kinds[index][:, None]
        return inputs, targets

    @property
    def mean_weight(self) -> float:
        """Of all rows."""
        return float(self._weights.mean(dtype=np.float64))

    def without(self, names: Collection[str], chosen: Index) -> "Examples":
        """Some of the rows with features unknown; a curve that none of these changes stays.

        Args:
            names: of features; RELATIONS: all relations; LIGHT_CURVE: their light curves.
            chosen: which rows.
        """
        less = copy.copy(self)
        less.rows = without_features(self.rows[chosen], names)
        less._weights = self._weights[chosen]
        less._kinds = None if self._kinds is None else self._kinds[chosen]
        if self._is_kept:
            less._readings = {name: each[chosen] for name, each in self._readings.items()}
        if self.catalogue is not None:
            less.catalogue = self.catalogue[chosen]
        if self.relations is not None:
            less.relations = self.relations[chosen]
            if RELATIONS in names:
                less.relations = np.full_like(less.relations, np.nan)
        if self.real is not None:
            less.real = self.real.of(chosen, hidden=LIGHT_CURVE in names)
        hidden = np.array([name in names for name in FEATURES])
        is_curve_changed = hidden[_CURVE_COLUMNS].any()
        if is_curve_changed or (hidden.any() and self.catalogue is not None):
            less._prepare(lambda: None)
        return less

    def forget_readings(self) -> None:
        """Free the memory of what was read from the curves; it is read anew where it is needed."""
        self._is_kept = False
        self._readings = self._empty_readings(0)
        if self.real is not None:
            self.real.forget()

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
            unrelated = None
            if self.relations is not None:
                unrelated = hidden_relations(len(self), self.relations.shape[1], random)
            unseen = turned = None
            if self.real is not None:
                unseen = hidden_curves(len(self), random)
                turned = mirrored_curves(len(self), random)
            stretch = batch_size * max(1, _STRETCH // batch_size) if self._is_kept else batch_size
            for start in range(0, len(self), stretch):
                part = slice(start, start + stretch)
                related = None if unrelated is None else unrelated[part]
                dark = None if unseen is None else unseen[part]
                backwards = None if turned is None else turned[part]
                batch = self.batch(order[part], hidden[part], related, dark, backwards)
                yield from _in_batches(batch, batch_size)

    def _empty_readings(self, rows: int) -> dict[str, Matrix]:
        widths = {name: each.shape[1:] for name, each in self._read(_empty_curves(0)).items()}
        return {name: np.empty((rows, *width), np.float32) for name, width in widths.items()}

    def _prepare(self, poll: Callable[[], None]) -> None:
        """Solve each row's orbit once, for the curve and the catalogue numbers alike.

        A chunk is drawn while the one before it is read.
        """
        if not self._is_kept and self.catalogue is None:
            return
        starts = range(0, len(self), _CHUNK)
        with ThreadPoolExecutor(1, thread_name_prefix="curves") as artist:
            following = artist.submit(self._draw, 0)
            for start in starts:
                poll()
                curves = following.result()
                following = artist.submit(self._draw, start + _CHUNK)
                if curves is not None:
                    for name, values in self._read(curves).items():
                        self._readings[name][start : start + _CHUNK] = values

    def _draw(self, start: int) -> Matrix | None:
        """The curves of a chunk, if any are kept; its catalogue numbers are put in their place."""
        chunk = slice(start, start + _CHUNK)
        rows = self.rows[chunk]
        if not len(rows):
            return None
        geometry = transit_geometry(rows, self._band)
        if self.catalogue is not None:
            self.catalogue[chunk] = catalogue_matrix(rows, geometry, self._band)
        return transit_curves(geometry) if self._is_kept else None

    def _inputs(
        self, index: Index, rows: Rows, hidden: NDArray[np.bool_] | None
    ) -> dict[str, Matrix]:
        shown = hide_features(rows, hidden)
        features = feature_matrix(shown)
        was_known = np.isfinite(feature_matrix(rows)) & ~np.isfinite(features)
        is_drawn = np.full(len(rows), not self._is_kept)
        is_drawn |= was_known[:, _CURVE_COLUMNS].any(axis=1)
        is_derived = np.full(len(rows), self.catalogue is not None)
        is_derived &= was_known.any(axis=1)
        is_solved = is_drawn | is_derived
        geometry = transit_geometry(shown[is_solved], self._band)

        drawn = self._read(transit_curves(geometry[is_drawn[is_solved]]))
        inputs = {}
        for name, kept in self._readings.items():
            inputs[name] = kept[index] if self._is_kept else np.empty_like(drawn[name])
            inputs[name][is_drawn] = drawn[name]
        inputs[registry.FEATURE_INPUT] = features
        if self.catalogue is not None:
            catalogue = self.catalogue[index]
            catalogue[is_derived] = catalogue_matrix(
                shown[is_derived], geometry[is_derived[is_solved]], self._band
            )
            inputs[registry.CATALOGUE_INPUT] = catalogue
        return inputs


def _in_batches(rows: Batch, batch_size: int) -> Iterator[Batch]:
    inputs, targets = rows
    for start in range(0, len(inputs[registry.FEATURE_INPUT]), batch_size):
        part = slice(start, start + batch_size)
        yield (
            {name: values[part] for name, values in inputs.items()},
            {name: values[part] for name, values in targets.items()},
        )


def _empty_curves(rows: int) -> Matrix:
    return np.empty((rows, BINS), np.float32)
