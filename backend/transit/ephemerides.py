"""Which rows of different stars share an ephemeris: the eclipse of one star in the light of others.

A bright eclipsing binary is seen in the light curves of many stars, through scattered light or the
electronics of the camera, with one period and one epoch (Coughlin et al. 2014,
doi:10.1088/0004-6256/147/5/119).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import EVIDENCE_DTYPE, EVIDENCE_UNITS
from backend.transit.keys import read_column
from backend.transit.rows import Index, Rows

Floats = NDArray[np.float64]

HOURS_PER_DAY = 24.0

# Of periods that are taken to be equal: a part of the period, or so many standard deviations but
# not more than the other part. The first pair by which few enough matches are chance is used.
TOLERANCES = ((1e-5, 1e-4), (1e-5, 3e-5), (1e-5, 1e-5), (3e-6, 3e-6), (1e-6, 1e-6))
SIGMAS = 3.0

MOST_CHANCE = 0.1

# The field of Kepler is 15 degrees wide, that of a camera of TESS 24: a star further away is in
# another image.
WIDEST_DEGREES = 24.0

# Transits that drift through more than this part of the orbit meet whatever their epochs are.
_WIDEST_WINDOW = 0.25

# Half of an eclipsing binary's period is taken for its period where both eclipses look alike.
RATIOS = (1.0, 2.0)

_JITTER = 0.02
_JITTERED_TABLES = 3
_PAIRS_AT_ONCE = 250_000

# Each row is compared with so many of the rows with the next longer periods: where thousands share
# one ephemeris, as an epoch that stands for none, they are one chain still.
_MOST_COMPARED = 200


class Ephemerides(NamedTuple):
    """When the candidates of a table transit; unknown numbers are NaN.

    Attributes:
        star: intp, (n,), equal for rows of one star.
        period, epoch, duration: float64, (n,), days; the epoch is a Julian date.
        period_err: float64, (n,), days.
        ra, dec: float64, (n,), degrees.
    """

    star: Index
    period: Floats
    epoch: Floats
    duration: Floats
    period_err: Floats
    ra: Floats
    dec: Floats


class Matches(NamedTuple):
    """Pairs of rows of different stars that share an ephemeris.

    Attributes:
        first, second: intp, (m,), rows; the period of the second is `ratio` times the other.
        ratio: float64, (m,), of RATIOS.
        tolerance: of TOLERANCES; None: too many would be chance whichever is taken, so none is.
        rows: how many rows have a match.
        chance_rows: how many have one, in the mean, where every period is changed by up to 2%.
    """

    first: Index
    second: Index
    ratio: Floats
    tolerance: tuple[float, float] | None
    rows: int
    chance_rows: float


class _Pairs(NamedTuple):
    first: Index
    second: Index
    ratio: Floats
    difference: Floats  # of the periods, in units of the shorter one
    sigma: Floats  # of that difference; 0 where unknown


def ephemerides_of(table: Rows, evidence: Rows, star: Index) -> Ephemerides:
    """Read what is needed of a table.

    Args:
        table: ROW_DTYPE, (n,).
        evidence: EVIDENCE_DTYPE, (n,).
        star: intp, (n,), equal for rows of one star.
    """
    duration = read_column(table, "duration") / HOURS_PER_DAY
    columns = (read_column(evidence, name) for name in ("period_err", "ra", "dec"))
    return Ephemerides(
        star, read_column(table, "period"), read_column(evidence, "epoch"), duration, *columns
    )


def no_evidence(rows: int) -> Rows:
    """Of a table that has none: EVIDENCE_DTYPE, (n,), NaN and empty names."""
    found = np.zeros(rows, EVIDENCE_DTYPE)
    for name in EVIDENCE_UNITS:
        found[name] = np.nan
    return found


def find_matches(ephemerides: Ephemerides, seed: int = 0) -> Matches:
    """Find the rows that share an ephemeris with a row of another star.

    Two rows do, if their periods are equal, or one is twice the other, within the tolerance; their
    transits meet within half a duration, and what the difference of the periods adds up to between
    the two epochs; and their stars may be in one image. Rows without an epoch have no match.

    Args:
        ephemerides: of the table.
        seed: of the changed periods.
    """
    pairs = _find(ephemerides)
    random = np.random.default_rng([seed, 7])
    changed = []
    for _ in range(_JITTERED_TABLES if len(pairs.first) else 0):
        factor = 1 + random.uniform(-_JITTER, _JITTER, len(ephemerides.period))
        changed.append(_find(ephemerides._replace(period=ephemerides.period * factor)))
    for tolerance in TOLERANCES:
        kept = _within(pairs, tolerance)
        rows = _rows_in(kept)
        chance = float(np.mean([_rows_in(_within(each, tolerance)) for each in changed] or [0]))
        if chance <= MOST_CHANCE * rows:
            return Matches(kept.first, kept.second, kept.ratio, tolerance, rows, chance)
    none = _within(pairs, (0.0, -1.0))
    return Matches(none.first, none.second, none.ratio, None, 0, chance)


def count_compared(period: Floats, epoch: Floats) -> int:
    """How many pairs of rows `find_matches` compares: what it takes grows with them.

    Args:
        period, epoch: float64, (n,), days; NaN where unknown.
    """
    known = np.sort(period[np.isfinite(period) & np.isfinite(epoch)])
    return sum(int(_ranges(known, ratio)[1].sum()) for ratio in RATIOS)


def separation(ra: Floats, dec: Floats, other_ra: Floats, other_dec: Floats) -> Floats:
    """The angle between places in the sky, all in degrees; NaN where one is unknown.

    Source: the haversine formula, exact also for small angles.
    """
    ra, dec, other_ra, other_dec = map(np.radians, (ra, dec, other_ra, other_dec))
    across = np.cos(dec) * np.cos(other_dec) * np.sin((other_ra - ra) / 2) ** 2
    haversine = np.sin((other_dec - dec) / 2) ** 2 + across
    return np.degrees(2 * np.arcsin(np.sqrt(np.clip(haversine, 0.0, 1.0))))


def _find(ephemerides: Ephemerides) -> _Pairs:
    """All pairs by the widest tolerance."""
    known = np.isfinite(ephemerides.epoch) & np.isfinite(ephemerides.period)
    rows = np.flatnonzero(known)
    order = rows[np.argsort(ephemerides.period[rows], kind="stable")]
    found = [
        _meeting(ephemerides, first, second, ratio)
        for ratio in RATIOS
        for first, second in _near_periods(ephemerides.period, order, ratio)
    ]
    rows, numbers = np.zeros(0, np.intp), np.zeros(0)
    none = _Pairs(rows, rows, numbers, numbers, numbers)
    return _Pairs._make(np.concatenate(parts) for parts in zip(none, *found, strict=True))


def _near_periods(period: Floats, order: Index, ratio: float) -> Iterator[tuple[Index, Index]]:
    """Pairs with nearly that ratio of periods, some at a time; each of equal periods once."""
    start, count = _ranges(period[order], ratio)
    before = np.concatenate([[0], np.cumsum(count)])
    low = 0
    while low < len(order):
        high = int(np.searchsorted(before, before[low] + _PAIRS_AT_ONCE, side="right")) - 1
        high = min(max(high, low + 1), len(order))
        counts = count[low:high]
        first = np.repeat(np.arange(low, high), counts)
        place = np.arange(len(first)) - np.repeat(before[low:high] - before[low], counts)
        yield order[first], order[place + np.repeat(start[low:high], counts)]
        low = high


def _ranges(period: Floats, ratio: float) -> tuple[Index, Index]:
    """Where those begin that each of increasing periods is compared with, and how many it is."""
    logarithm = np.log(period)
    widest = np.log1p(max(max(each) for each in TOLERANCES))
    start = np.searchsorted(logarithm, logarithm + np.log(ratio) - widest)
    if ratio == 1.0:
        start = np.arange(1, len(period) + 1)
    end = np.searchsorted(logarithm, logarithm + np.log(ratio) + widest, side="right")
    return start, np.clip(end - start, 0, _MOST_COMPARED)


def _meeting(ephemerides: Ephemerides, first: Index, second: Index, ratio: float) -> _Pairs:
    """The pairs among these whose transits meet, and whose stars may be in one image."""
    apart = ephemerides.star[first] != ephemerides.star[second]
    first, second = first[apart], second[apart]
    shorter = ephemerides.period[first]
    difference = np.abs(ephemerides.period[second] / ratio - shorter)
    elapsed = ephemerides.epoch[second] - ephemerides.epoch[first]
    cycles = np.rint(elapsed / shorter)
    duration = np.fmax(ephemerides.duration[first], ephemerides.duration[second])
    window = duration / 2 + np.abs(cycles) * difference
    meets = np.abs(elapsed - cycles * shorter) <= window
    meets &= window < _WIDEST_WINDOW * shorter
    first, second, difference = first[meets], second[meets], (difference / shorter)[meets]
    angle = separation(
        ephemerides.ra[first],
        ephemerides.dec[first],
        ephemerides.ra[second],
        ephemerides.dec[second],
    )
    near = ~(angle > WIDEST_DEGREES)
    first, second, difference = first[near], second[near], difference[near]
    errors = (ephemerides.period_err[first], ephemerides.period_err[second] / ratio)
    sigma = np.hypot(*(np.nan_to_num(each) for each in errors)) / ephemerides.period[first]
    return _Pairs(first, second, np.full(len(first), ratio), difference, sigma)


def _within(pairs: _Pairs, tolerance: tuple[float, float]) -> _Pairs:
    least, most = tolerance
    kept = pairs.difference <= np.clip(SIGMAS * pairs.sigma, least, max(least, most))
    if most < 0:
        kept[:] = False
    return _Pairs._make(each[kept] for each in pairs)


def _rows_in(pairs: _Pairs) -> int:
    return len(np.unique(np.concatenate([pairs.first, pairs.second])))
