"""One file to the segments of light curves in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.light_curves.child import text
from backend.light_curves.child.cleaning import Points, clean, quality_of, to_linear
from backend.light_curves.child.columns import (
    Columns,
    RawTable,
    error_of,
    find_columns,
    not_found,
)
from backend.light_curves.child.sizes import MAX_SEGMENTS, check_points
from backend.light_curves.child.stars import Origin, normalised, origin
from backend.light_curves.child.times import exposure, reference
from backend.light_curves.child.words import as_words
from backend.tables.child.limits import NotReadable
from backend.transit.catalog.cells import shown
from backend.transit.catalog.delimited.foreign import ENOUGH_BYTES, foreign_kind, table_kind
from backend.transit.photometry.segments import Segment

_LONGEST_NAME = 40
_STARS_SHOWN = 3


class Said(NamedTuple):
    """What an upload says of its files; None: nothing is said.

    Attributes:
        star: the star, where there is one file only.
        time: "BJD", "BKJD", "BTJD", "MJD" or such as "BJD - 2457000".
        flux: one of `cleaning.FLUX_KINDS`.
    """

    star: str | None = None
    time: str | None = None
    flux: str | None = None


NOTHING_SAID = Said()


@dataclass
class OfFile:
    """What is in a file.

    Attributes:
        segments: each with its star, as the tables' star column has it.
        notes: what was odd.
    """

    segments: list[tuple[str, Segment]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(path: Path, name: str, said: Said) -> OfFile:
    """Read a file of a light curve.

    Args:
        path: the file.
        name: as it was sent.
        said: what the upload says.

    Raises:
        NotReadable: there is no light curve in it that can be used; the message says why.
    """
    found = OfFile()
    for table in _tables(path):
        _take(table, name, said, found)
    if not found.segments:
        raise NotReadable("The file holds no light curve.")
    return found


def _tables(path: Path) -> Iterator[RawTable]:
    with open(path, "rb") as file:
        start = file.read(ENOUGH_BYTES)
    if not start.strip():
        raise NotReadable("The file is empty.")
    kind = table_kind(start)
    if kind == "fits":
        from backend.light_curves.child import fits

        yield from fits.tables(path)
    elif kind == "ecsv":
        yield text.ecsv_table(path)
    elif other := foreign_kind(start):
        raise NotReadable(
            f"The file is {other}. Expected a light curve as FITS, CSV, ECSV or text, or prepared "
            "views as .npz."
        )
    else:
        yield text.table(path)


def _take(table: RawTable, name: str, said: Said, found: OfFile) -> None:
    columns = find_columns(table)
    if columns is None:
        raise not_found(table.names)
    check_points(table.rows)
    of_file = origin(table.header, table.comments, name, said.star)
    time = _as_numbers(table, columns.time)
    points, is_magnitude, flux_name = _points(table, columns, time)
    groups = list(_groups(table, columns, of_file, len(time)))
    if len(groups) > MAX_SEGMENTS:
        raise NotReadable(
            f"The file has {len(groups):,} segments; at most {MAX_SEGMENTS:,} are allowed in one."
        )
    day = _day(table, columns, of_file, said, time)
    _require_one_star(found, [each.star for each, _ in groups], columns)
    for of_group, rows in groups:
        part = Points(points.time, points.flux, points.error, points.quality)
        if rows is not None:
            part.keep(rows)
        clean(part, found.notes)
        to_linear(part, said.flux, is_magnitude, found.notes)
        segment = Segment(
            part.time + day,
            part.flux,
            part.error,
            part.quality,
            exposure(table.header, part.time),
            of_group.mission,
            of_group.name,
        )
        if _overlaps(found, of_group.star, segment):
            found.notes.append(
                f"Another table of the file, with {flux_name}, covers the same times: the first "
                "one was taken."
            )
            continue
        found.segments.append((of_group.star, segment))
    found.notes[:] = list(dict.fromkeys(found.notes))


def _points(
    table: RawTable, columns: Columns, time: NDArray[np.float64]
) -> tuple[Points, bool, str]:
    """The points, whether they are called magnitudes, and the name of their column."""
    fluxes = columns.fluxes or (() if columns.magnitude is None else (columns.magnitude,))
    chosen, flux = fluxes[0], np.empty(0)
    for position in fluxes:
        chosen, flux = position, _as_numbers(table, position)
        if np.isfinite(flux).any():
            break
    error = error_of(table, chosen)
    quality = None if columns.quality is None else quality_of(table.values(columns.quality))
    errors = None if error is None else _as_numbers(table, error)
    for other in (flux, errors, quality):
        if other is not None and len(other) != len(time):
            raise NotReadable("The columns of the table differ in their length.")
    unit = table.units[chosen].strip().lower()
    is_magnitude = not columns.fluxes or unit in ("mag", "magnitude", "magnitudes")
    return Points(time, flux, errors, quality), is_magnitude, table.names[chosen]


def _day(
    table: RawTable, columns: Columns, of_file: Origin, said: Said, time: NDArray[np.float64]
) -> float:
    finite = time[np.isfinite(time)]
    if not len(finite):
        raise NotReadable("No point has a time that is a number: the column of the time is empty.")
    return reference(
        table.header,
        table.names[columns.time],
        table.units[columns.time],
        of_file.mission,
        said.time,
        float(np.median(finite)),
    )


def _groups(
    table: RawTable, columns: Columns, of_file: Origin, rows: int
) -> Iterator[tuple[Origin, NDArray[np.bool_] | None]]:
    """What the columns for the star and the segment part a table into, with their rows."""
    star = None if columns.star is None else as_words(table.values(columns.star))
    part = None if columns.part is None else as_words(table.values(columns.part))
    keys = [each for each in (star, part) if each is not None and len(each) == rows]
    if not keys:
        if not of_file.star:
            raise NotReadable(
                "It is not known whose light curve it is. Put the star's identifier into a column "
                "`star` or into the file's name, such as `TIC 402026209.csv`."
            )
        yield of_file, None
        return
    numbered = [np.unique(each, return_inverse=True)[1].astype(np.int64) for each in keys]
    together = numbered[0] if len(numbered) == 1 else numbered[0] * rows + numbered[1]
    _, first, inverse = np.unique(together, return_index=True, return_inverse=True)
    for number, row in enumerate(first.tolist()):
        in_column = normalised(star[row]) if star is not None else ""
        # A column is surer than a name, and says it for each row.
        name = of_file.name
        if part is not None and columns.part is not None:
            name = f"{table.names[columns.part].lower()} {part[row]}"[:_LONGEST_NAME]
        own = of_file._replace(star=in_column or of_file.star, name=name)
        if not own.star:
            raise NotReadable(f"Row {row + 1} names no star, and neither does the file.")
        yield own, inverse == number


def _require_one_star(found: OfFile, stars: list[str], columns: Columns) -> None:
    earlier = {star for star, _ in found.segments}
    others = sorted({*earlier, *stars})
    if len(others) > 1 and (earlier or columns.star is None):
        shown_stars = ", ".join(shown(star) for star in others[:_STARS_SHOWN])
        raise NotReadable(
            f"The file has light curves of {len(others):,} stars ({shown_stars}) in several "
            "tables. Make a file of each."
        )


def _overlaps(found: OfFile, star: str, segment: Segment) -> bool:
    """Whether an earlier table of the file has the same times for the most part."""
    for other_star, other in found.segments:
        first, last = (max(other.time[0], segment.time[0]), min(other.time[-1], segment.time[-1]))
        shorter = min(np.ptp(other.time), np.ptp(segment.time))
        same_part = other.name == segment.name
        if other_star == star and same_part and last - first > shorter / 2:
            return True
    return False


def _as_numbers(table: RawTable, position: int) -> NDArray[np.float64]:
    values = table.values(position)
    if values.dtype.kind not in "iufb":
        raise NotReadable(f"The column {shown(table.names[position])} holds no numbers.")
    return values.astype(np.float64)
