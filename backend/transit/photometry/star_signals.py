"""The signals that a catalogue has of one star, each prepared beside the others."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.prepare import Prepared, prepare_signal
from backend.transit.photometry.segments import Floats, Segment, Signal
from backend.transit.photometry.star_curve import StarCurve, star_curve

# Rows of a star whose periods agree so well, relative to each other, are one signal.
SAME_PERIOD = 1e-3


def signals_of(rows: NDArray[np.void], epochs: Floats) -> list[Signal]:
    """What the catalogue says of the rows of a star.

    Args:
        rows: ROW_DTYPE, (n,).
        epochs: float64, (n,), BJD; NaN where unknown.
    """
    names = ("depth", "impact", "steff", "slogg")
    return [
        Signal(
            float(row["period"]),
            float(epoch),
            float(row["duration"]),
            **{name: float(row[name]) for name in names},
        )
        for row, epoch in zip(rows, epochs, strict=True)
    ]


def is_same_period(period: float, other: float) -> bool:
    """Whether two periods, days, are those of one signal."""
    return abs(other / period - 1) <= SAME_PERIOD


class StarSignals:
    """The light curve of a star with the signals of its rows.

    Rows of one signal do not hide each other's transits: of these only the row itself counts.
    """

    def __init__(self, segments: list[Segment], signals: Sequence[Signal]) -> None:
        """Take the light curve, as the missions wrote it, and the signals of all rows."""
        self._segments = segments
        self._signals = list(signals)
        self._last: tuple[tuple[int, ...], StarCurve] | None = None

    def curve(self, place: int) -> StarCurve:
        """The light curve, cleaned and flattened for one of the signals."""
        known = tuple(sorted((place, *self._others(place))))
        if self._last is None or self._last[0] != known:
            together = tuple(self._signals[each] for each in known)
            self._last = known, star_curve(self._segments, together)
        return self._last[1]

    def prepared(self, place: int) -> Prepared:
        """Views and numbers of one of the signals."""
        others = tuple(self._signals[each] for each in self._others(place))
        return prepare_signal(self.curve(place), self._signals[place], others)

    def _others(self, place: int) -> list[int]:
        own = self._signals[place].period
        return [
            each
            for each, other in enumerate(self._signals)
            if each != place and not is_same_period(own, other.period)
        ]
