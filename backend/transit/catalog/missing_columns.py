"""Why a header lacks columns that are needed, in words that say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.transit.catalog.cells import shown
from backend.transit.catalog.errors import CatalogError, listed, shown_names
from backend.transit.catalog.names.column_names import FORMATS
from backend.transit.catalog.names.plain_names import plain_name, scale, units_known
from backend.transit.columns import REQUIRED

if TYPE_CHECKING:
    from backend.transit.catalog.header import Header

# No catalogue of candidates has them.
_LIGHT_CURVE = {"flux", "sapflux", "pdcsapflux", "kspsapflux", "detflux", "bjd", "cadenceno"}


def missing_columns(header: Header, missing: list[str]) -> CatalogError:
    """The error for a header that lacks some of our columns: what it has, and what to do."""
    is_known_format = any(column in header.fields for column in REQUIRED)
    formats = [FORMATS[header.form]] if is_known_format else list(FORMATS.values())
    names = [name for column in missing for known in formats for name in known.get(column, ())]
    place = f" Line {header.line} was taken for the header." if header.line > 1 else ""
    return CatalogError(
        f"Required columns are missing: {listed(missing)}. Found: {listed(header.names)}. "
        f"Recognised names: {listed(names)}.{place}{_hint(header.names)}"
        f"{_unit_hint(header.names, missing)}{_archive_hint(header, missing)}",
        found=shown_names(header.names),
        missing=missing,
        recognised=names,
    )


def _hint(names: list[str]) -> str:
    if len(names) == 1:
        return " Only one column was found; separate columns with commas, semicolons, tabs or |."
    if _LIGHT_CURVE & {plain_name(name).text for name in names}:
        return " The columns are those of a light curve; expected a table with one candidate a row."
    if all(_is_number(name) for name in names):
        return " The first line that is not a comment must name the columns."
    return ""


def _unit_hint(names: list[str], missing: list[str]) -> str:
    """Which column has the name of a missing one, and a unit that is not known."""
    known = {
        column: {plain_name(x).text for f in FORMATS.values() for x in f.get(column, ())}
        for column in missing
    }
    for column in missing:
        for name in names:
            plain = plain_name(name)
            if plain.text in known[column] and scale(column, plain.unit) is None:
                units = ", ".join(units_known(column))
                return f" The unit of {shown(name)} is not known; expected one of {units}."
    return ""


# What the archive's page calls the columns that its default download of planets lacks.
_TO_TICK = {
    "period": "Orbital Period (pl_orbper, days)",
    "duration": "Transit Duration (pl_trandur, hours)",
    "depth": "Transit Depth (pl_trandep, percent)",
}


def _archive_hint(header: Header, missing: list[str]) -> str:
    """What to do with a planetary or K2 table."""
    if header.form not in ("planets", "k2") or "period" not in header.fields:
        return ""
    hint = ""
    ticks = [name for column, name in _TO_TICK.items() if column in missing]
    if ticks:
        hint = (
            " The archive's default download lacks them: under Select Columns, tick "
            f"{' and '.join(ticks)}, then download the table again."
        )
    if "label" in missing and header.form == "planets":
        hint += (
            " The planetary table has no disposition, since all of its planets are confirmed: it "
            "can be predicted as a batch, but nothing can be learnt from it alone."
        )
    return hint


def _is_number(text: str) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True
