"""Names of epochs of transits, and from which day they count.

A number such as 170.5 may count from anything: without a name or a survey that says it, only an
epoch that is a whole Julian date can be read.
"""

import re
from typing import NamedTuple

from backend.transit.catalog.names.plain_names import Scale, plain_name

# Of the missions' own dates: BJD - 2454833 and BJD - 2457000.
KEPLER_DAY, TESS_DAY = 2_454_833.0, 2_457_000.0

# A Julian date of the years 1858 to 2132; anything else has had a day subtracted.
FIRST_EPOCH, LAST_EPOCH = 2_400_000.0, 2_500_000.0

# The archive's names, which say it.
_OF_FORMS = {
    "koi": {"koitime0bk": KEPLER_DAY, "koitime0": 0.0},
    "tce": {"tcetime0bk": KEPLER_DAY, "tcetime0": 0.0},
    "toi": {"pltranmid": 0.0},
    "planets": {"pltranmid": 0.0},
    "k2": {"pltranmid": 0.0},
}

_PLAIN = (
    *("epoch", "transitepoch", "epochoftransit", "t0", "tc", "tmid", "tranmid", "time0"),
    *("transitmidpoint", "transitmidtime", "midtransittime", "midtransit", "transittime"),
    *("transitcenter", "transitcentre", "timeofconjunction", "timeoftransit"),
)

_DAYS = {"bkjd": KEPLER_DAY, "btjd": TESS_DAY, "mjd": 2_400_000.5, "bmjd": 2_400_000.5}
_JULIAN = re.compile(r"[bh]?jd(?:tdb|utc|tt)?")
# What was subtracted: 2454833, or 2400000.5 with or without its point.
_SUBTRACTED = re.compile(r"(?:[bh]?jd(?:tdb|utc|tt)?)?[-+]?(24[0-9]{5})(?:[.]?([05])0*)?")
_WITHOUT_REFERENCE = ("", "d", "day", "days")
_SIGNS = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-"})


class Epoch(NamedTuple):
    """How an epoch is read.

    `rank` orders names, the surest first; `scale` leads to BJD; `has_reference` tells whether the
    name or the survey says from which day it counts.
    """

    rank: int
    scale: Scale
    has_reference: bool


def epoch_scale(form: str, name: str) -> Epoch | None:
    """How a column of this name is read as the epoch; None if it is none."""
    text, unit = plain_name(name)
    told = reference_day(unit or "")
    of_form = _OF_FORMS.get(form, {})
    if text in of_form:
        is_time = told is not None or (unit or "").lower() in _WITHOUT_REFERENCE
        rank = list(of_form).index(text)
        return Epoch(rank, Scale(1.0, of_form[text]), True) if is_time else None
    for base in _PLAIN:
        if text == base:
            if told is not None:
                return Epoch(2, Scale(1.0, told), True)
            is_time = (unit or "").lower() in _WITHOUT_REFERENCE
            return Epoch(4, Scale(), False) if is_time else None
        rest = text.removeprefix(base) if text.startswith(base) else text.removesuffix(base)
        offset = reference_day(rest) if rest != text else None
        if offset is not None:
            return Epoch(3, Scale(1.0, offset), True)
    return None


def reference_day(text: str) -> float | None:
    """The day from which "BKJD", "BJD - 2457000" or "BJD_TDB" count; None if it says none."""
    plain = re.sub(r"[\s_()]", "", text.translate(_SIGNS)).lower()
    if plain in _DAYS:
        return _DAYS[plain]
    if _JULIAN.fullmatch(plain):
        return 0.0
    subtracted = _SUBTRACTED.fullmatch(plain)
    return float(f"{subtracted[1]}.{subtracted[2] or 0}") if subtracted else None
