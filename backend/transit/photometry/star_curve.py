"""The light curve of a star, cleaned, with its trend: what the signals of the star share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.cleaning import clean, outliers
from backend.transit.photometry.flattening import MASKED_WIDTHS, trend, window_days
from backend.transit.photometry.folding import in_transit
from backend.transit.photometry.segments import Floats, Segment, Signal


@dataclass(frozen=True)
class StarCurve:
    """All usable points of a star, segment by segment.

    Attributes:
        segments: in order of time, each with a median of 1, without outliers and empty ones.
        trends: float64, (n,), of each segment: flux over it is flat.
    """

    segments: tuple[Segment, ...]
    trends: tuple[Floats, ...]

    @property
    def time(self) -> Floats:
        """float64, (n,), of all segments, BJD."""
        return np.concatenate([np.zeros(0), *(segment.time for segment in self.segments)])

    @property
    def flat(self) -> Floats:
        """float64, (n,), flux over trend of all segments."""
        pairs = zip(self.segments, self.trends, strict=True)
        return np.concatenate([np.zeros(0), *(s.flux / smooth for s, smooth in pairs)])

    @property
    def mission(self) -> str:
        """Of most points: whose limb darkening is taken; "" of nothing."""
        points: dict[str, int] = {}
        for segment in self.segments:
            points[segment.mission] = points.get(segment.mission, 0) + len(segment)
        return max(points, key=lambda mission: points[mission], default="")


def star_curve(segments: list[Segment], signals: tuple[Signal, ...]) -> StarCurve:
    """Clean and flatten the light curve of a star.

    Args:
        segments: as the missions wrote them, in any order.
        signals: all that are known of the star; those that are not usable are passed over.
    """
    known = tuple(signal for signal in signals if signal.is_usable)
    window = window_days(known)
    kept: list[Segment] = []
    trends: list[Floats] = []
    for segment in _without_copies([clean(segment) for segment in segments]):
        smooth = trend(segment.time, segment.flux, known, window)
        protected = in_transit(segment.time, known, MASKED_WIDTHS)
        good = ~outliers(segment.flux / smooth, protected)
        kept.append(segment.where(good))
        trends.append(smooth[good])
    return StarCurve(tuple(kept), tuple(trends))


def _without_copies(segments: list[Segment]) -> list[Segment]:
    """Of what was observed in one moment, the segment with the shortest time step.

    A star may have been read at several cadences at once, and a file may have been given twice.
    """
    found: list[Segment] = []
    for segment in sorted((s for s in segments if len(s)), key=lambda s: s.step):
        is_new = np.ones(len(segment), dtype=bool)
        for other in found:
            is_new &= ~_is_near(segment.time, other.time, max(segment.step, other.step) / 2)
        if is_new.any():
            found.append(segment.where(is_new))
    return sorted(found, key=lambda s: s.time[0])


def _is_near(time: Floats, others: Floats, reach: float) -> NDArray[np.bool]:
    after = np.searchsorted(others, time)
    to_next = others[np.minimum(after, len(others) - 1)] - time
    to_last = time - others[np.maximum(after - 1, 0)]
    return np.minimum(np.abs(to_next), np.abs(to_last)) < reach
