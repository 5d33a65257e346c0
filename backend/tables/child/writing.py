"""Writes ECSV and VOTable: the header by astropy, the rows one by one, whatever their number."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

import numpy as np
from astropy.io import votable
from astropy.io.votable.tree import Info
from astropy.table import Column, Table

from backend.tables.child.limits import NotReadable

# Of the text columns a character, which says nothing about the rows.
_TYPES = {"float": "f8", "int": "i8", "bool": "?", "text": "U1"}

# What stands for a missing whole number in a VOTable.
_NO_INTEGER = np.iinfo(np.int64).min

# XML 1.0 has no way to write them.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MISSING_BOOL = {"": "", "yes": "true", "no": "false"}


def write(
    source: Path, columns: list[dict[str, Any]], metadata: dict[str, Any], kind: str, out: BinaryIO
) -> None:
    """Write the rows of a CSV file of ours.

    Args:
        source: CSV between commas, in UTF-8, with a header.
        columns: of each column in the file's order {name, unit, description, type}; the type is
            "float", "int", "bool" (`yes`, `no`, `true`, `false`) or "text". An empty cell is
            missing.
        metadata: by name what the table is and where it comes from: text or numbers.
        kind: "ecsv" or "votable".
        out: where it is written.

    Raises:
        NotReadable: a row does not have a cell a column.
    """
    empty = Table(
        [_empty_column(each) for each in columns],
        meta={name: value for name, value in metadata.items() if value is not None},
    )
    with open(source, encoding="utf-8", newline="") as file:
        rows = _rows(file, len(columns))
        pieces = _ecsv(empty, rows) if kind == "ecsv" else _votable(empty, rows, columns)
        for piece in pieces:
            out.write(piece.encode())


def _empty_column(column: dict[str, Any]) -> Column:
    return Column(
        np.zeros(0, dtype=_TYPES[column["type"]]),
        name=column["name"],
        unit=column.get("unit") or None,
        description=column.get("description") or None,
    )


def _rows(file: Any, width: int) -> Iterator[list[str]]:
    reader = csv.reader(file)
    next(reader, None)
    for row in reader:
        if len(row) != width:
            raise NotReadable(f"Expected {width} cells, received {len(row)} (line "
                              f"{reader.line_num}).")  # fmt: skip
        yield row


def _ecsv(empty: Table, rows: Iterator[list[str]]) -> Iterator[str]:
    head = io.StringIO()
    empty.write(head, format="ascii.ecsv", delimiter=",")
    yield head.getvalue().rstrip("\n") + "\n"
    kinds = [empty[name].dtype.kind for name in empty.colnames]
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator="\n")
    for row in rows:
        writer.writerow(
            _ecsv_bool(value) if kind == "b" else value
            for kind, value in zip(kinds, row, strict=True)
        )
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _ecsv_bool(value: str) -> str:
    return {"yes": "True", "true": "True", "no": "False", "false": "False"}.get(value, "")


def _votable(
    empty: Table, rows: Iterator[list[str]], columns: list[dict[str, Any]]
) -> Iterator[str]:
    names = [str(each["name"]) for each in columns]
    document = votable.from_table(empty)
    resource, table = document.resources[0], document.get_first_table()
    resource.infos.clear()
    table.infos.clear()
    for name, value in empty.meta.items():
        plain = (_NOT_XML.sub("\ufffd", str(each)) for each in (name, value))
        resource.infos.append(Info(name=next(plain), value=next(plain)))
    for field, name, column in zip(table.fields, names, columns, strict=True):
        field.name = name
        if column["type"] == "text":
            field.datatype, field.arraysize = "unicodeChar", "*"
        if column["type"] == "bool":
            field.datatype = "boolean"
        if column["type"] == "int":
            field.values.null = _NO_INTEGER
    head = io.BytesIO()
    document.to_xml(head, tabledata_format="tabledata")
    text = head.getvalue().decode()
    before, _, after = text.rpartition("</TABLE>")
    before = re.sub(r"\s*<DATA>.*?</DATA>\s*\Z", "\n", before, flags=re.DOTALL)
    yield before + "<DATA><TABLEDATA>\n"
    missing = {"int": str(_NO_INTEGER), "float": "NaN"}
    empties = [missing.get(each["type"], "") for each in columns]
    is_bool = [each["type"] == "bool" for each in columns]
    for row in rows:
        cells = (
            _MISSING_BOOL.get(value, value) if flag else _xml(value) or empty_cell
            for value, empty_cell, flag in zip(row, empties, is_bool, strict=True)
        )
        yield "<TR>" + "".join(f"<TD>{each}</TD>" for each in cells) + "</TR>\n"
    yield "</TABLEDATA></DATA>\n</TABLE>" + after


def _xml(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
