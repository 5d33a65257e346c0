"""What is odd about a column as a whole: its unit, and numbers that stand for a gap.

It looks at every row, also at those that are left out: a depth of 0.0006 is below what can be
computed with, and a column of such depths is in another unit.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import COLUMNS, FEATURES, ROW_DTYPE, UNITS

_MOST_SAMPLED = 20_000
_FEWEST_VALUES = 3

# In place of a missing value; of 0, 99 and the like a share, since an SNR may well be that.
_PLACEHOLDERS = (0.0, -1.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0)
_LEAST_SHARE = 0.01

# The KOI and TOI tables of 2026 have median depths of 430 and 4,800 ppm, and 95 of 100 are below
# 170,000 and 23,000 ppm. Medians of 3.8 and 2.7 hours, and of 9 and 4 days.
# Giant planets in ppt have a median above 10, but hardly one above 40.
_SHALLOWEST_MEDIAN, _SHALLOWEST_DEEP = 10.0, 40.0
# A small fraction that is named a flux, and so subtracted from one.
_DEEPEST_MEDIAN = 500_000.0
_USUAL_DEPTH = (1_400.0, 63_000.0)
_DEPTH_UNITS = {"percent": 1e4, "ppt": 1e3, "fraction": 1e6}
_SHORTEST_MEDIAN, _LONGEST_MEDIAN = 0.6, 40.0
_LARGEST_MEDIAN_RADIUS = 1e4

# Hours; a central transit of the Sun by a small planet with a period of a year (Winn 2010,
# equation 19). It grows as the cube root of the period.
_YEAR_TRANSIT, _YEAR = 13.0, 365.25
# Of the transits that the period lets expect; red dwarfs have about half.
_SHORTEST_SHARE = 0.42


class WholeColumns:
    """The values of a table's rows, as they are read."""

    def __init__(self) -> None:
        self._rows = 0
        self._sample: list[NDArray[np.void]] = []
        self._counts = np.zeros((len(FEATURES), len(_PLACEHOLDERS)), dtype=np.int64)

    def add(self, rows: NDArray[np.void]) -> None:
        """Look at some more rows, ROW_DTYPE, (n,), whether they are usable or not."""
        room = _MOST_SAMPLED - self._rows
        if room > 0:
            self._sample.append(rows[:room].copy())
        self._rows += len(rows)
        for i, name in enumerate(FEATURES):
            values = np.ascontiguousarray(rows[name])
            values = values[values == np.rint(values)]  # the few that may be one
            self._counts[i] += [int((values == each).sum()) for each in _PLACEHOLDERS]

    def placeholders(self) -> list[dict[str, Any]]:
        """Numbers that probably mean "missing": {column, value, rows} each."""
        return [
            {"column": name, "value": value, "rows": int(count)}
            for name, counts in zip(FEATURES, self._counts, strict=True)
            for value, count in zip(_PLACEHOLDERS, counts, strict=True)
            if count > (_LEAST_SHARE * self._rows if value >= 0 else 0)
        ]

    def units(self) -> list[dict[str, Any]]:
        """Columns that as a whole cannot be in our unit: {column, expected, likely, median} each.

        The first 20,000 rows decide.
        """
        rows = np.concatenate(self._sample) if self._sample else np.zeros(0, ROW_DTYPE)
        known = {name: rows[name][np.isfinite(rows[name])] for name in COLUMNS}
        likely = {
            "depth": _unit_of_depth(known["depth"]),
            "duration": _unit_of_duration(known["duration"]),
            "srad": _unit_of_radius(known["srad"]),
        }
        if likely["duration"] is None:
            likely["period"] = _unit_of_period(rows["period"], rows["duration"])
        return [
            {
                "column": name,
                "expected": UNITS[name],
                "likely": unit,
                "median": float(np.median(known[name])),
            }
            for name, unit in likely.items()
            if unit is not None
        ]


def unit_sentence(found: dict[str, Any]) -> str:
    """A finding of `units` as a sentence that begins with the column."""
    likely = found["likely"]
    unit = f"a {likely}" if likely in ("fraction", "flux") else f"in {likely}"
    return (
        f"{found['column']} as a whole cannot be in {found['expected']} (median "
        f"{found['median']:.3g}): it is probably {unit}."
    )


def _unit_of_depth(depth: NDArray[np.float64]) -> str | None:
    depth = depth[depth > 0]
    if len(depth) < _FEWEST_VALUES:
        return None
    if np.median(depth) > _DEEPEST_MEDIAN:
        return "fraction"
    if np.median(depth) >= _SHALLOWEST_MEDIAN and np.percentile(depth, 95) >= _SHALLOWEST_DEEP:
        return None
    if np.percentile(depth, 5) > 0.3 and 0.9 < np.median(depth) <= 1.0:
        return "flux"
    measured = np.log10([np.median(depth), np.percentile(depth, 95)])
    distances = {
        unit: float(np.abs(measured + np.log10(factor) - np.log10(_USUAL_DEPTH)) @ (1.0, 0.5))
        for unit, factor in _DEPTH_UNITS.items()
    }
    return min(distances, key=distances.__getitem__)


def _unit_of_duration(duration: NDArray[np.float64]) -> str | None:
    if len(duration) < _FEWEST_VALUES:
        return None
    median = np.median(duration)
    if median < _SHORTEST_MEDIAN:
        return "days"
    if median > _LONGEST_MEDIAN:
        return "minutes" if median < _LONGEST_MEDIAN * 60 else "seconds"
    return None


def _unit_of_radius(radius: NDArray[np.float64]) -> str | None:
    if len(radius) < _FEWEST_VALUES or np.median(radius) < _LARGEST_MEDIAN_RADIUS:
        return None
    return "km" if np.median(radius) < _LARGEST_MEDIAN_RADIUS * 1e3 else "m"


def _unit_of_period(period: NDArray[np.float64], duration: NDArray[np.float64]) -> str | None:
    """Hours, where no period is short and the transits are far too short for them."""
    usable = (period > 0) & (duration > 0) & np.isfinite(period) & np.isfinite(duration)
    if usable.sum() < _FEWEST_VALUES or np.percentile(period[usable], 5) < 8:
        return None
    expected = _YEAR_TRANSIT * np.cbrt(period[usable] / _YEAR)
    is_short = np.median(duration[usable] / expected) < _SHORTEST_SHARE
    return "hours" if is_short else None
