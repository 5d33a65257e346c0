"""From the times of a file to BJD, and the exposure of a point.

A number such as 1355.17 may count from anything: what it counts from is never guessed from the
number alone, but for whole Julian dates.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.light_curves.child.columns import time_reference
from backend.tables.child.limits import NotReadable
from backend.transit.catalog.cells import shown
from backend.transit.catalog.evidence.epochs import (
    FIRST_EPOCH,
    KEPLER_DAY,
    LAST_EPOCH,
    TESS_DAY,
    reference_day,
)

MJD_DAY = 2_400_000.5
SECONDS = 86_400.0

_OF_MISSION = {"kepler": KEPLER_DAY, "k2": KEPLER_DAY, "tess": TESS_DAY}
_LONGEST_MISSION_DAY = 10_000.0
_LONGEST_EXPOSURE_DAYS = 1.0
# Exposures do not overlap; a cadence is measured and rounded.
_MOST_OF_CADENCE = 1.5

_HOW_TO_SAY = (
    "Say at the upload which times they are (BJD, BKJD, BTJD or MJD), or name the column so, such "
    "as `BTJD`."
)


def reference(
    header: Mapping[str, Any],
    column: str,
    unit: str,
    mission: str,
    said: str | None,
    median: float,
) -> float:
    """The day, BJD, from which a file's times count.

    Args:
        header: keywords of the table, in capitals.
        column, unit: of the times.
        mission: "kepler", "k2", "tess" or "".
        said: "BJD", "BKJD", "BTJD", "MJD" or "BJD - 2457000"; it comes first.
        median: of the times as they are in the file.

    Raises:
        NotReadable: it cannot be known, or what is said cannot be.
    """
    if said:
        day = reference_day(said)
        if day is None:
            raise NotReadable(
                f"Expected BJD, BKJD, BTJD, MJD or such as `BJD - 2457000` for the times, received "
                f"{shown(said)}."
            )
    else:
        day = _of_header(header)
        if day is None:
            day = time_reference(column, unit)
        if day is None:
            day = _of_numbers(mission, median)
    if day is None:
        raise NotReadable(
            f"It is not known from which day the times count: their median is {median:,.2f}. "
            + _HOW_TO_SAY
        )
    if not FIRST_EPOCH <= median + day < LAST_EPOCH:
        raise NotReadable(
            f"The times cannot be right: counted from JD {day:,.1f}, their median {median:,.2f} "
            f"is JD {median + day:,.1f}. {_HOW_TO_SAY}"
        )
    return day


def exposure(header: Mapping[str, Any], time: NDArray[np.float64]) -> float:
    """How long a point was exposed from its beginning to its end, days; NaN if unknown.

    `EXPOSURE` of the missions is the time on source of the whole segment, and `INT_TIME` leaves
    out the read-out between frames that are added up: the light of a point is spread over all
    frames (Kepler Archive Manual, KDMC-10008-006, section 2.3.1).

    Args:
        header: keywords of the table, in capitals.
        time: (n,), days, sorted.
    """
    frames = _number(header, "NUM_FRM")
    for days in (
        _number(header, "FRAMETIM") * frames / SECONDS,
        _number(header, "TIMEDEL") if _is_in_days(header) else np.nan,
        _number(header, "INT_TIME") * frames / SECONDS,
        _number(header, "EXPTIME") / SECONDS,
    ):
        if 0 < days <= _LONGEST_EXPOSURE_DAYS and days <= _MOST_OF_CADENCE * _cadence(time):
            return float(days)
    return float("nan")


def _of_header(header: Mapping[str, Any]) -> float | None:
    for whole, rest, day_zero in (("BJDREFI", "BJDREFF", 0.0), ("MJDREFI", "MJDREFF", MJD_DAY)):
        days = _number(header, whole)
        if np.isfinite(days):
            part = _number(header, rest)
            return float(days + day_zero + (part if np.isfinite(part) else 0.0))
    days = _number(header, "BJDREF")
    return float(days) if np.isfinite(days) else None


def _of_numbers(mission: str, median: float) -> float | None:
    if FIRST_EPOCH <= median < LAST_EPOCH:
        return 0.0
    if 0 < median < _LONGEST_MISSION_DAY:
        return _OF_MISSION.get(mission)
    return None


def _is_in_days(header: Mapping[str, Any]) -> bool:
    return str(header.get("TIMEUNIT", "d")).strip().lower() in ("d", "day", "days")


def _cadence(time: NDArray[np.float64]) -> float:
    return float(np.median(np.diff(time))) if len(time) > 1 else np.inf


def _number(header: Mapping[str, Any], key: str) -> float:
    try:
        return float(header.get(key, np.nan))
    except (TypeError, ValueError):
        return float("nan")
