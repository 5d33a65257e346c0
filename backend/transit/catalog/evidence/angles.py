"""Angles as people write them: 07h29m25.85s, -12:41:45.5, +48d08m29.9s, in degrees."""

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ANGLE = re.compile(
    r"(?P<sign>[+\N{MINUS SIGN}-]?)"
    r"(?P<whole>[0-9]{1,3})\s?(?P<mark>[hd\N{DEGREE SIGN}:]|\s)\s?"
    r"(?P<minutes>[0-9]{1,2})\s?(?:[m:'\N{PRIME}]|\s)\s?"
    r"(?P<seconds>[0-9]{1,2}(?:[.,][0-9]*)?)\s?(?:s|''|\"|\N{DOUBLE PRIME})?",
    re.IGNORECASE,
)
_DEGREES_AN_HOUR = 15.0
_LAST_HOUR = 24.0
_LONGEST = 40


def read_angles(
    cells: Sequence[str], positions: NDArray[np.intp], *, in_hours: bool
) -> NDArray[np.float64]:
    """Read the cells at some positions.

    Args:
        cells: the text of a column, (n,).
        positions: of the cells to read.
        in_hours: of a right ascension, which counts in hours unless it says degrees.

    Returns:
        float64, (n,), degrees; NaN elsewhere, and where the cell is no angle.
    """
    degrees = np.full(len(cells), math.nan)
    for i in positions.tolist():
        degrees[i] = _degrees(cells[i].strip(), in_hours)
    return degrees


def _degrees(text: str, in_hours: bool) -> float:
    found = _ANGLE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return math.nan
    minutes, seconds = float(found["minutes"]), float(found["seconds"].replace(",", "."))
    value = float(found["whole"]) + minutes / 60 + seconds / 3600
    is_degrees = found["mark"].lower() in ("d", "\N{DEGREE SIGN}")
    is_hours = in_hours and not is_degrees
    is_wrong = found["mark"].lower() == "h" and not in_hours
    if is_wrong or minutes >= 60 or seconds > 60 or (is_hours and value >= _LAST_HOUR):
        return math.nan
    sign = 1.0 if found["sign"] in ("", "+") else -1.0
    return sign * value * (_DEGREES_AN_HOUR if is_hours else 1.0)
