"""Reads FITS tables with light curves: of Kepler, K2 and TESS, of QLP, and of others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from backend.light_curves.child.columns import RawTable, find_columns, not_found
from backend.light_curves.child.sizes import check_points
from backend.tables.child.fits import check_whole, hdus_of
from backend.tables.child.limits import NotReadable

_BLOCK = 2_880
_LONGEST_TEXT = 80
_MOST_KEYWORDS = 2_000


def tables(path: Path) -> Iterator[RawTable]:
    """The tables of a FITS file that hold a light curve, in order.

    Each is to be used before the next is asked for; compressed images are passed over.

    Raises:
        NotReadable: there is none, or a header says what the file does not have.
    """
    size = path.stat().st_size
    found = False
    names: list[str] = []
    with fits.open(path, memmap=True, disable_image_compression=True) as file:
        primary: dict[str, Any] = {}
        for number, hdu in enumerate(hdus_of(file)):
            check_whole(hdu, number, size)
            header = _keywords(hdu.header)
            if number == 0:
                primary = header
            if header.get("ZTABLE") is True:
                raise NotReadable("The FITS table is compressed. Unpack it with funpack.")
            if header.get("ZIMAGE") is True or not isinstance(
                hdu, fits.BinTableHDU | fits.TableHDU
            ):
                continue
            table = _raw(hdu, {**primary, **header})
            names.extend(table.names)
            if find_columns(table) is not None:
                check_points(table.rows)
                found = True
                yield table
    if not found and size % _BLOCK:
        raise NotReadable(
            f"The FITS file has {size:,} bytes, no whole number of blocks of {_BLOCK:,}: it is cut "
            "off. Fetch it again."
        )
    if not found:
        raise not_found(names)


def _raw(hdu: Any, header: dict[str, Any]) -> RawTable:
    columns = hdu.columns
    rows = int(hdu.header.get("NAXIS2", 0))
    width = _width_of_a_row_that_holds_all(columns, rows)

    def values(i: int) -> NDArray[Any]:
        # Looked up by its place: names may stand twice.
        data = np.asarray(hdu.data.field(i))
        if rows == 1 and data.ndim == 2:
            data = data[0]
        if data.ndim != 1:
            raise NotReadable(f"The column {columns.names[i]} has several values a row.")
        return np.array(data)

    return RawTable(
        [str(each.name or "") for each in columns],
        [str(each.unit or "") for each in columns],
        values,
        width or rows,
        header,
    )


def _width_of_a_row_that_holds_all(columns: Any, rows: int) -> int:
    """The length of the vectors of a table with one row; 0 for any other table."""
    if rows != 1:
        return 0
    return max((int(np.prod(each.dtype.shape or (1,))) for each in columns), default=0)


def _keywords(header: Any) -> dict[str, Any]:
    """Plain values by keyword; the first of those that stand twice."""
    found: dict[str, Any] = {}
    for card in list(header.cards)[:_MOST_KEYWORDS]:
        key = card.keyword.upper()
        value = card.value
        if key and key not in found and isinstance(value, bool | int | float | str):
            found[key] = value[:_LONGEST_TEXT] if isinstance(value, str) else value
    return found
