"""Names of columns as people write them, made plain, and the units that stand in them."""

import re
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

# As the last word, where it does not stand in brackets.
_LAST_WORD = re.compile(
    r"(.+)[_\s](ppm|ppt|percent|fraction|days?|hours?|hrs?|minutes|mins|seconds|km|rsun|kelvin|d|h)",
    re.IGNORECASE,
)
_LAST_HUMP = re.compile(
    r"(.+[a-z])(P[Pp][Mm]|Ppt|Percent|Days?|Hours?|Hrs?|Minutes|Seconds|Kelvin)"
)
_PERCENT = re.compile(r"(.+?)\s*(%)")
# What stands between words. Any other sign (±, ‰, ?) is part of the name.
_BETWEEN = re.compile(r"[\s_.:/()\[\]-]+")

# What numbers in a unit are multiplied by to be in ours.
_HOURS = {"h": 1.0, "hr": 1.0, "hrs": 1.0, "hour": 1.0, "hours": 1.0}
_DAYS = {"d": 1.0, "day": 1.0, "days": 1.0, "jd": 1.0}
_MINUTES = ("min", "mins", "minute", "minutes")
_SECONDS = ("s", "sec", "secs", "second", "seconds")
_NO_UNIT = ("-", "none", "dimensionless", "unitless")
_FACTORS: dict[str, dict[str, float]] = {
    "period": {
        **_DAYS,
        **dict.fromkeys(_HOURS, 1 / 24),
        **dict.fromkeys(_MINUTES, 1 / 1440),
        **dict.fromkeys(_SECONDS, 1 / 86_400),
        **dict.fromkeys(("yr", "year", "years", "a"), 365.25),
    },
    "duration": {
        **_HOURS,
        **dict.fromkeys(_DAYS, 24.0),
        **dict.fromkeys(_MINUTES, 1 / 60),
        **dict.fromkeys(_SECONDS, 1 / 3600),
    },
    # Catalogues write powers of ten as they can: `10**-6`, `10-6`.
    "depth": {
        **{"ppm": 1.0, "percent": 1e4, "%": 1e4, "ppt": 1e3, "fraction": 1e6, "pct": 1e4},
        "flux": -1e6,
        **dict.fromkeys(("10**-6", "10^-6", "10-6", "1e-6"), 1.0),
        **dict.fromkeys(("10**-2", "10^-2", "10-2", "1e-2"), 1e4),
        **dict.fromkeys(("10**-3", "10^-3", "10-3", "1e-3"), 1e3),
    },
    "steff": {"k": 1.0, "kelvin": 1.0, "degk": 1.0},
    # The nominal solar radius (IAU 2015 resolution B3).
    "srad": {
        **dict.fromkeys(("rsun", "rsol", "r☉", "r⊙", "solarradii", "solarradius", "solrad"), 1.0),
        "km": 1 / 695_700,
        "m": 1 / 695_700_000,
    },
    "slogg": dict.fromkeys(("cgs", "dex", "cm/s2", "log(cm/s2)", "dex(cm/s2)"), 1.0),
    "tmag": {"mag": 1.0, "magnitude": 1.0},
    "impact": dict.fromkeys(("b", *_NO_UNIT, "r*", "rstar", "stellarradii", "stellarradius"), 1.0),
    "snr": dict.fromkeys((*_NO_UNIT, "sigma"), 1.0),
}
# The many ways to write dex of cm/s2, brackets, points and signs of powers taken out.
_GRAVITY = re.compile(r"(?:log(?:10)?|dex)?(?:cgs|cms-2|cm/s2|cm/s/s)")


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
    base, unit = split_unit(name)
    return Name(_BETWEEN.sub("", base).lower(), unit)


def split_unit(name: str) -> tuple[str, str | None]:
    """What a name says without its unit, as it stands; and the unit, or None."""
    name = name.strip()
    base, unit = _brackets(name) or _last_word(name) or (name, None)
    return base, unit.strip() if unit is not None else None


def _brackets(name: str) -> tuple[str, str] | None:
    """What stands before the last brackets, and in them; they may hold others."""
    if not name.endswith((")", "]")):
        return None
    depth = 0
    for i in range(len(name) - 1, 0, -1):
        depth += (name[i] in ")]") - (name[i] in "([")
        if not depth:
            base = name[:i].rstrip()
            return (base, name[i + 1 : -1]) if base else None
    return None


def _last_word(name: str) -> tuple[str, str] | None:
    patterns = (_LAST_WORD, _LAST_HUMP, _PERCENT)
    found = next(filter(None, (pattern.fullmatch(name) for pattern in patterns)), None)
    return (found[1], found[2]) if found else None


def scale(column: str, unit: str | None) -> Scale | None:
    """From a unit of a column of ours to our unit; None if the unit is not known.

    Of the columns without numbers (label, star), whatever stands in brackets is taken.
    """
    known = _FACTORS.get(column)
    if unit is None or not unit or known is None:
        return OUR_UNIT
    plain = re.sub(r"[\s_]", "", unit).lower()
    if column == "slogg" and _GRAVITY.fullmatch(re.sub(r"[^a-z0-9/-]", "", plain)):
        return OUR_UNIT
    factor = known.get(plain)
    return None if factor is None else Scale(factor, _OFFSETS.get((column, plain), 0.0))


def units_known(column: str) -> list[str]:
    """The units of a column that a name may have, but for powers of ten."""
    return [unit for unit in _FACTORS.get(column, {}) if not unit[0].isdigit()]
