"""Reads FITS tables, binary and in text."""

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table

from backend.tables.child.found import Column, Found, text_of
from backend.tables.child.limits import MAX_TABLES, NotReadable, check_size
from backend.tables.child.naming import Candidate, choose, unique_names


def read(path: Path, wanted: str | None, notes: list[str]) -> Found:
    """Find the table of a FITS file.

    Args:
        path: the file.
        wanted: the extension's name; None: the one with the columns of a catalogue.
        notes: what is odd about it is added.

    Raises:
        NotReadable: it has images only, is cut off, or it is not clear which table is meant.
    """
    size = path.stat().st_size
    with fits.open(path, memmap=True, disable_image_compression=True) as file:
        tables = []
        for number, hdu in enumerate(hdus_of(file)):
            check_whole(hdu, number, size)
            if isinstance(hdu, fits.BinTableHDU | fits.TableHDU):
                tables.append(hdu)
        if not tables:
            raise NotReadable(
                f"The FITS file has no table, only images ({len(file)} HDUs). Expected a table of "
                "candidates."
            )
        names = unique_names([each.name for each in tables], "table")
        candidates = [
            Candidate(name, each.columns.names) for name, each in zip(names, tables, strict=True)
        ]
        position = choose(candidates, wanted, "tables")
        columns = _columns(tables[position])
    return Found(names[position], names, text_of(columns, notes))


def hdus_of(file: Any) -> Any:
    """The parts of a file, whose headers are read one by one.

    Raises:
        NotReadable: a header says a size that the file does not have, or there are too many.
    """
    for number in range(MAX_TABLES):
        try:
            yield file[number]
        except IndexError:
            return
        except OSError as error:
            raise NotReadable(
                f"The header of HDU {number} says a size that the file does not have: it is cut "
                "off or damaged."
            ) from error
    raise NotReadable(f"The FITS file has more than {MAX_TABLES:,} HDUs.")


def check_whole(hdu: Any, number: int, size: int) -> None:
    """Check what the header says of the size against the file, before anything is made of it.

    Args:
        hdu: a part of an open file.
        number: its place in it.
        size: of the file, bytes.

    Raises:
        NotReadable: the file has fewer bytes, or the table is too large.
    """
    header = hdu.header
    axes = [int(header.get(f"NAXIS{i}", 0)) for i in range(1, int(header.get("NAXIS", 0)) + 1)]
    if min(axes, default=0) < 0:
        raise NotReadable(f"The header of HDU {number} says a negative size.")
    count = 1 if axes else 0
    for axis in axes:
        count *= axis
    heap = int(header.get("PCOUNT", 0)) if number else 0
    needed = (count + heap) * abs(int(header.get("BITPIX", 8))) // 8
    start = int(hdu.fileinfo()["datLoc"])
    if start + needed > size:
        raise NotReadable(
            f"The header of HDU {number} says {needed:,} bytes of data, but the file has "
            f"{max(size - start, 0):,} there: it is cut off or damaged."
        )
    if isinstance(hdu, fits.BinTableHDU | fits.TableHDU):
        check_size(axes[1], int(header.get("TFIELDS", 0)))


def _columns(hdu: Any) -> list[Column]:
    names = hdu.columns.names
    if len(set(names)) < len(names):
        raise NotReadable("The FITS table names columns more than once. Rename all but one.")
    units = {each.name: each.unit for each in hdu.columns}
    table = Table.read(hdu, format="fits", unit_parse_strict="silent")
    return [
        Column(name, units[name], np.array(np.ma.getdata(table[name])), _mask(table[name]))
        for name in names
    ]


def _mask(column: Any) -> Any:
    mask = np.ma.getmaskarray(column) if hasattr(column, "mask") else None
    return mask if mask is None or mask.ndim == 1 else None
