"""One small catalogue, written in every kind of file."""

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.table import MaskedColumn, Table
from numpy.typing import NDArray

from backend.tables.child.__main__ import read_table
from backend.transit.catalog.delimited.foreign import table_kind
from backend.transit.catalog.reader import open_catalog

# The right numbers, as a person would write them into a CSV file.
CSV = """\
period,duration,depth,snr,steff,label,star
9.0490974,3.9284,6161.24,384.63,5926,CONFIRMED,10797460
1.4704752,4.6855,486.71,,5966,FALSE POSITIVE,10797461
1.6575048,7.6129,153.94,23.93,,CANDIDATE,10797462
0.1,0.5,2971.42,169.81,5044,FALSE POSITIVE,10797463
"""
NAMES = CSV.split("\n", 1)[0].split(",")
ROWS = [line.split(",") for line in CSV.split("\n")[1:-1]]

UNITS = {"period": "d", "duration": "h", "depth": "ppm", "steff": "K"}


def table(units: dict[str, str] | None = None) -> Table:
    """The catalogue; what is missing is masked."""
    columns = []
    for i, name in enumerate(NAMES):
        cells = [row[i] for row in ROWS]
        if name == "label":
            columns.append(MaskedColumn(cells, name))
            continue
        kind = np.int64 if name == "star" else np.float64
        values = np.array([each or "0" for each in cells]).astype(kind)
        columns.append(MaskedColumn(values, name, mask=[not each for each in cells]))
    made = Table(columns, masked=True)
    for name, unit in (units or {}).items():
        made[name].unit = unit
    return made


def as_astropy(format_: str, **options: object) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # not every format knows every unit
            table(UNITS).write(path, format=format_, **options)

    return write


def as_parquet(path: Path) -> None:
    columns = {name: [_value(name, row[i]) for row in ROWS] for i, name in enumerate(NAMES)}
    pq.write_table(pa.table(columns), path)


def as_xlsx(path: Path) -> None:
    write_xlsx(path, {"Sheet": [list(NAMES), *rows_of_values()]})


def rows_of_values() -> list[list[object]]:
    return [[_value(name, cell) for name, cell in zip(NAMES, row, strict=True)] for row in ROWS]


def _value(name: str, cell: str) -> object:
    if not cell or name == "label":
        return cell or None
    return int(cell) if name == "star" else float(cell)


def write_xlsx(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def changed_xlsx(path: Path, part: str, old: bytes, new: bytes) -> None:
    """Replace some bytes in a part of a spreadsheet."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == part:
                assert old in data
                data = data.replace(old, new)
            target.writestr(name, data)
    path.write_bytes(made.getvalue())


KINDS: dict[str, Callable[[Path], None]] = {
    "votable": as_astropy("votable"),
    "votable binary": as_astropy("votable", tabledata_format="binary"),
    "votable binary2": as_astropy("votable", tabledata_format="binary2"),
    "fits": as_astropy("fits"),
    "ecsv": as_astropy("ascii.ecsv"),
    "ecsv commas": as_astropy("ascii.ecsv", delimiter=","),
    "ipac": as_astropy("ascii.ipac"),
    "parquet": as_parquet,
    "xlsx": as_xlsx,
}


def text_of(path: Path, wanted: str | None = None) -> tuple[str, list[str]]:
    """The text that a file is made to, and what was noted on the way."""
    kind = table_kind(path.read_bytes()[:4096])
    assert kind is not None
    notes: list[str] = []
    found = read_table(path, kind, wanted, notes)
    return "".join(found.text), notes


def rows_of(text: str) -> NDArray[np.void]:
    """The rows that the reader of catalogues makes of a text."""
    catalog = open_catalog(io.BytesIO(text.encode()), label_required=True)
    return np.concatenate([chunk.rows for chunk in catalog])
