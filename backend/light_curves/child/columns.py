"""Which column of a table is the time, the flux, its error, the quality, the star."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from backend.tables.child.limits import NotReadable
from backend.transit.catalog.cells import shown
from backend.transit.catalog.evidence.epochs import reference_day
from backend.transit.catalog.names.plain_names import plain_name

# Of the pipelines: Kepler and K2 and TESS, QLP, EVEREST and K2SFF, eleanor; then what people write.
# Light curves that are corrected for the spacecraft come before those that are not.
_FLUXES = (
    *("pdcsapflux", "kspsapflux", "detflux", "fcor", "corrflux", "pcaflux", "sapflux"),
    *("flux", "normalizedflux", "normalisedflux", "normflux", "relativeflux", "relflux"),
    *("detrendedflux", "flattenedflux", "fluxnorm", "fluxrel", "fraw", "rawflux"),
)
_ERRORS = (
    *("fluxerr", "fluxerror", "error", "err", "sigma", "uncertainty", "fluxuncertainty", "eflux"),
    *("magerr", "magerror", "errflux", "sigmaflux", "dflux"),
)
_QUALITIES = (
    *("sapquality", "quality", "qualityflag", "qualityflags", "dataquality", "qflag"),
    *("flags", "flag"),
)
STARS = (
    *("star", "starid", "kepid", "keplerid", "kic", "kicid", "tic", "ticid", "tid"),
    *("epic", "epicid", "target", "targetid", "object"),
)
_PARTS = ("quarter", "campaign", "sector", "segment", "season")
_TIMES = ("time", "t", "date", "times")

# A light curve without a header has its columns in this order.
IN_ORDER = ("time", "flux", "error", "quality")

_MAGNITUDE = re.compile(r"(?:[a-z]{0,3}|delta|raw|instrumental|diff|relative|app)mag(?:nitudes?)?")
_NAMES_SHOWN = 12


@dataclass(frozen=True)
class RawTable:
    """A table of a file, before anything is known of its columns.

    Attributes:
        names, units: of the columns; a unit is "" where there is none.
        values: returns the column at a position, (n,), as the file has it.
        rows: their number.
        header: keywords of the file and of the table, in capitals.
        comments: lines of text beside the table.
    """

    names: Sequence[str]
    units: Sequence[str]
    values: Callable[[int], NDArray[Any]]
    rows: int
    header: Mapping[str, Any]
    comments: Sequence[str] = ()


@dataclass(frozen=True)
class Columns:
    """The positions of a light curve's columns; None where there is none.

    Attributes:
        time: of the time.
        fluxes: of the flux, the best first: the first with numbers is taken.
        magnitude: of magnitudes, where there is no flux.
        quality, star, part: of the quality, the star, and the quarter, campaign or sector.
    """

    time: int
    fluxes: tuple[int, ...]
    magnitude: int | None
    quality: int | None
    star: int | None
    part: int | None


def find_columns(table: RawTable) -> Columns | None:
    """Which columns are which; None if there is no time or nothing that is measured."""
    plain = [_plain(name) for name in table.names]
    time = _first(plain, _TIMES)
    if time is None:
        time = next((i for i, name in enumerate(table.names) if _is_date(name)), None)
    fluxes = tuple(plain.index(name) for name in _FLUXES if name in plain)
    is_magnitude = [_MAGNITUDE.fullmatch(name) is not None for name in plain]
    magnitude = is_magnitude.index(True) if True in is_magnitude and not fluxes else None
    if time is None or (not fluxes and magnitude is None):
        return None
    return Columns(
        time,
        fluxes,
        magnitude,
        _first(plain, _QUALITIES),
        _first(plain, STARS),
        _first(plain, _PARTS),
    )


def error_of(table: RawTable, flux: int) -> int | None:
    """The position of the error of a flux."""
    plain = [_plain(name) for name in table.names]
    own = plain[flux]
    for name in (f"{own}err", f"{own}error", f"e{own}", f"sigma{own}", f"{own}uncertainty"):
        if name in plain:
            return plain.index(name)
    return _first(plain, _ERRORS)


def not_found(names: Sequence[str]) -> NotReadable:
    """The refusal of a table without a time or a flux."""
    some = ", ".join(shown(name) for name in names[:_NAMES_SHOWN])
    more = f", and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return NotReadable(
        "No light curve was found: expected a column for the time (such as TIME, BJD, BTJD) and "
        "one for the flux (such as PDCSAP_FLUX, SAP_FLUX, flux). "
        + (f"Its columns are {some}{more}. Rename two of them." if names else "It has no columns.")
    )


def time_reference(name: str, unit: str) -> float | None:
    """The day from which a column's times count, as its name or its unit say it; else None."""
    text, own_unit = plain_name(name)
    for said in (unit.split(",")[0], own_unit or "", name):
        if (day := reference_day(said)) is not None:
            return day
    rest = text.removeprefix("time").removesuffix("time")
    return reference_day(rest) if rest else None


def _is_date(name: str) -> bool:
    return time_reference(name, "") is not None


def _plain(name: str) -> str:
    return plain_name(name).text


def _first(plain: Sequence[str], known: Sequence[str]) -> int | None:
    return next((plain.index(name) for name in known if name in plain), None)
