"""From the light curve of a star and a signal in it to views and numbers.

segments -> clean -> flatten -> fold -> views
               └-> depths of places with and without a transit -> numbers
"""

from dataclasses import dataclass

import numpy as np

from backend.transit.photometry.cleaning import MAD_TO_SIGMA
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.flattening import MASKED_WIDTHS
from backend.transit.photometry.folding import cycles_and_offsets, in_transit, is_odd
from backend.transit.photometry.measures import Measured, measure
from backend.transit.photometry.measuring.events import make_stretch
from backend.transit.photometry.segments import Floats, Segment, Signal
from backend.transit.photometry.star_curve import StarCurve, star_curve
from backend.transit.photometry.views import View, local_view, whole_orbit_view

# In this order; all but the first have LOCAL_BINS.
VIEWS = ("global_view", "local_view", "odd_view", "even_view", "secondary_view", "dip_view")

# With one of these a light curve says nothing of the signal.
UNUSABLE = ("no usable signal", "no usable points", "no data in transit")
# With one of these it says less than usual.
FLAGS = (*UNUSABLE, "period longer than the data", "one transit", "few points", "constant flux")

# Points in transit, in all: with fewer a depth is a guess.
FEWEST_POINTS = 5


@dataclass(frozen=True)
class Prepared:
    """What a light curve says of a signal, ready for a network and for a page.

    Attributes:
        views: by name, in the order of VIEWS.
        evidence: float64, (len(EVIDENCE),), NaN where unknown.
        flags: those of FLAGS that apply.
        points: that are in the views.
        points_in_transit: of these.
        measured: each transit, and the form of all; None where nothing could be measured.
    """

    views: dict[str, View]
    evidence: Floats
    flags: tuple[str, ...]
    points: int
    points_in_transit: int
    measured: Measured | None

    @property
    def is_usable(self) -> bool:
        """The light curve says something of the signal."""
        return not any(flag in UNUSABLE for flag in self.flags)


def prepare(segments: list[Segment], signal: Signal, others: tuple[Signal, ...] = ()) -> Prepared:
    """Views and numbers of one signal.

    Args:
        segments: of the star, as the missions wrote them, in any order.
        signal: the one.
        others: of the same star; their transits are left out.

    Returns:
        Prepared; whatever the light curve is, nothing is raised: `flags` say what is wrong.
    """
    return prepare_signal(star_curve(segments, (signal, *others)), signal, others)


def prepare_signal(curve: StarCurve, signal: Signal, others: tuple[Signal, ...]) -> Prepared:
    """The same of a curve that was cleaned and flattened with all of its signals."""
    time, flat = curve.time, curve.flat
    if not signal.is_usable:
        return _nothing("no usable signal")
    if not len(time):
        return _nothing("no usable points")
    known_others = tuple(other for other in others if other.is_usable)
    is_own = ~in_transit(time, known_others, MASKED_WIDTHS) | in_transit(time, (signal,), 0.5)
    time, flat = time[is_own], flat[is_own]
    if not len(time):
        return _nothing("no data in transit")
    inside = in_transit(time, (signal,), 0.5)
    measured = _measure(curve, signal, known_others)
    numbers = dict(zip(EVIDENCE, measured.evidence.tolist(), strict=True))
    outside = flat[~in_transit(time, (signal,), MASKED_WIDTHS)]
    if len(outside):
        scatter = MAD_TO_SIGMA * float(np.median(np.abs(outside - np.median(outside))))
        numbers["point_scatter"] = 1e6 * scatter
    is_constant = all(np.ptp(segment.flux) == 0 for segment in curve.segments)
    flags = _flags(time, inside, signal, numbers, is_constant)
    return Prepared(
        _views(time, flat, signal, numbers["dip_phase"]),
        np.array([numbers[name] for name in EVIDENCE]),
        flags,
        len(time),
        int(inside.sum()),
        measured,
    )


def _nothing(flag: str) -> Prepared:
    nowhere = np.zeros(0)
    views = dict.fromkeys(VIEWS, local_view(nowhere, nowhere, 1.0))
    views["global_view"] = whole_orbit_view(nowhere, nowhere)
    return Prepared(views, np.full(len(EVIDENCE), np.nan), (flag,), 0, 0, None)


def _measure(curve: StarCurve, signal: Signal, others: tuple[Signal, ...]) -> Measured:
    stretches = []
    for segment in curve.segments:
        # In a moment of two transits the depth of neither can be told.
        alone = segment.where(~in_transit(segment.time, others, MASKED_WIDTHS))
        stretches.append(
            make_stretch(
                alone.time, alone.flux, segment.step, segment.integration, signal.duration_days
            )
        )
    seasons = [segment.season for segment in curve.segments]
    return measure(stretches, signal, curve.mission, seasons)


def _flags(
    time: Floats, inside: np.ndarray, signal: Signal, numbers: dict[str, float], is_constant: bool
) -> tuple[str, ...]:
    found = {
        "no data in transit": not inside.any(),
        "period longer than the data": signal.period > time[-1] - time[0],
        "one transit": numbers["transits_seen"] == 1,
        "few points": 0 < inside.sum() < FEWEST_POINTS,
        "constant flux": is_constant,
    }
    return tuple(flag for flag in FLAGS if found.get(flag))


def _views(time: Floats, flat: Floats, signal: Signal, dip_phase: float) -> dict[str, View]:
    cycle, offset = cycles_and_offsets(time, signal)
    odd = is_odd(cycle)
    length, period = signal.duration_days, signal.period
    half_later = (offset + period) % period - period / 2
    views = (
        whole_orbit_view(offset / period, flat),
        local_view(offset, flat, length),
        local_view(offset[odd], flat[odd], length),
        local_view(offset[~odd], flat[~odd], length),
        local_view(half_later, flat, length),
        _dip_view(offset, flat, signal, dip_phase),
    )
    return dict(zip(VIEWS, views, strict=True))


def _dip_view(offset: Floats, flat: Floats, signal: Signal, dip_phase: float) -> View:
    if not np.isfinite(dip_phase):
        return local_view(offset[:0], flat[:0], signal.duration_days)
    period = signal.period
    later = (offset - dip_phase * period + period / 2) % period - period / 2
    return local_view(later, flat, signal.duration_days)
