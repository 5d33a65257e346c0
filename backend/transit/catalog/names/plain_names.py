"""Names of columns as people write them, made plain, and the units that stand in them."""

import re
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

# In brackets at the end, or as the last word.
_BRACKETS = re.compile(r"(.*\S)\s*[\[(]([^\[\]()]*)[\])]\s*")
_LAST_WORD = re.compile(
    r"(.+)[_\s](ppm|ppt|percent|fraction|days|hours|hrs|minutes|mins|seconds|km|rsun|kelvin)",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"(.+?)\s*(%)")
# What stands between words. Any other sign (±, ‰, ?) is part of the name.
_BETWEEN = re.compile(r"[\s_.:/()\[\]-]+")

# What numbers in a unit are multiplied by to be in ours.
_HOURS = {"h": 1.0, "hr": 1.0, "hrs": 1.0, "hour": 1.0, "hours": 1.0}
_DAYS = {"d": 1.0, "day": 1.0, "days": 1.0}
_MINUTES = ("min", "mins", "minute", "minutes")
_SECONDS = ("s", "sec", "secs", "second", "seconds")
_FACTORS: dict[str, dict[str, float]] = {
    "period": {
        **_DAYS,
        **dict.fromkeys(_HOURS, 1 / 24),
        **dict.fromkeys(_MINUTES, 1 / 1440),
        **dict.fromkeys(("yr", "year", "years"), 365.25),
    },
    "duration": {
        **_HOURS,
        **dict.fromkeys(_DAYS, 24.0),
        **dict.fromkeys(_MINUTES, 1 / 60),
        **dict.fromkeys(_SECONDS, 1 / 3600),
    },
    "depth": {"ppm": 1.0, "percent": 1e4, "%": 1e4, "ppt": 1e3, "fraction": 1e6, "flux": -1e6},
    "steff": {"k": 1.0, "kelvin": 1.0},
    # The nominal solar radius (IAU 2015 resolution B3).
    "srad": {
        **dict.fromkeys(("rsun", "rsol", "r☉", "r⊙", "solarradii", "solarradius", "solrad"), 1.0),
        "km": 1 / 695_700,
        "m": 1 / 695_700_000,
    },
    "slogg": dict.fromkeys(
        ("cgs", "dex", "cm/s2", "cm/s^2", "cm/s**2", "log10(cm/s**2", "cms-2"), 1.0
    ),
    "tmag": {"mag": 1.0, "magnitude": 1.0},
    "impact": dict.fromkeys(("b", "-", "r*", "rstar", "stellarradii", "stellarradius"), 1.0),
    "snr": {"-": 1.0, "sigma": 1.0},
}


# What is added after that. A flux of 0.999 is a depth of 1000 ppm.
_OFFSETS = {("depth", "flux"): 1e6}

Value = TypeVar("Value", float, NDArray[np.float64])


class Scale(NamedTuple):
    """From the numbers of a file to ours: times `factor`, plus `offset`."""

    factor: float = 1.0
    offset: float = 0.0

    def apply(self, values: Value) -> Value:
        """The numbers in our unit; those that are in it already are unchanged."""
        return values if self == OUR_UNIT else values * self.factor + self.offset


OUR_UNIT = Scale()


class Name(NamedTuple):
    """A name without its unit, in lower case, letters and digits alone; and the unit, or None."""

    text: str
    unit: str | None


def plain_name(name: str) -> Name:
    """`Orbital Period [days]`, `orbitalPeriod` and `orbital_period_days` are one name."""
    name = name.strip()
    patterns = (_BRACKETS, _LAST_WORD, _PERCENT)
    found = next((match for each in patterns if (match := each.fullmatch(name))), None)
    base, unit = found.groups() if found else (name, None)
    return Name(_BETWEEN.sub("", base).lower(), unit.strip() if unit is not None else None)


def scale(column: str, unit: str | None) -> Scale | None:
    """From a unit of a column of ours to our unit; None if the unit is not known.

    Of the columns without numbers (label, star), whatever stands in brackets is taken.
    """
    known = _FACTORS.get(column)
    if unit is None or not unit or known is None:
        return OUR_UNIT
    name = re.sub(r"[\s_]", "", unit).lower()
    factor = known.get(name)
    return None if factor is None else Scale(factor, _OFFSETS.get((column, name), 0.0))


def units_known(column: str) -> list[str]:
    """The units of a column that a name may have."""
    return list(_FACTORS.get(column, {}))
