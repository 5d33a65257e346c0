"""Where in its orbit each moment lies. Double precision throughout.

A fold in days, as libraries have it, asks for the epoch in days and for the phase in days, and a
secondary eclipse lands where one of both is misread. Here the phase is in orbits.
"""

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.segments import Floats, Signal


def cycles_and_offsets(time: Floats, signal: Signal) -> tuple[NDArray[np.int64], Floats]:
    """The nearest transit of each moment, and how far from its middle the moment is.

    Args:
        time: float64, (n,), BJD, finite.
        signal: with a period and an epoch.

    Returns:
        (cycles, offsets): int64, (n,), 0 for the transit of the epoch; float64, (n,), days after
        mid-transit, from -period/2 to below period/2 but for rounding.
    """
    since = time - signal.epoch
    cycle = np.floor(since / signal.period + 0.5)
    return cycle.astype(np.int64), since - cycle * signal.period


def phases(time: Floats, signal: Signal) -> Floats:
    """Orbits after mid-transit: float64, (n,), in [-1/2, 1/2) but for rounding."""
    return cycles_and_offsets(time, signal)[1] / signal.period


def is_odd(cycles: NDArray[np.int64]) -> NDArray[np.bool]:
    """Every second transit, the one of the epoch not among them: bool, (n,)."""
    return cycles % 2 == 1


def in_transit(time: Floats, signals: tuple[Signal, ...], widths: float) -> NDArray[np.bool]:
    """The moments within `widths` durations of a mid-transit of any of the signals: bool, (n,)."""
    inside = np.zeros(len(time), dtype=bool)
    for signal in signals:
        _, offset = cycles_and_offsets(time, signal)
        inside |= np.abs(offset) <= widths * signal.duration_days
    return inside
