"""A first look at a table: its columns with examples, whichever of ours are among them."""

from typing import Any, BinaryIO

from backend.transit.catalog.cells import shown
from backend.transit.catalog.delimited.lines import DelimitedError, Lines
from backend.transit.catalog.delimited.records import read_batches
from backend.transit.catalog.header import find_header, needed_columns
from backend.transit.catalog.names.column_names import SURVEYS
from backend.transit.catalog.names.plain_names import plain_name, units_known
from backend.transit.catalog.names.read_as import ReadAs
from backend.transit.columns import COLUMNS

_EXAMPLES = 3


def first_look(stream: BinaryIO, *, label_required: bool, read_as: ReadAs) -> dict[str, Any]:
    """Look at a table's header and its first rows.

    Args:
        stream: the file, at its beginning; read a little.
        label_required: whether the table must have labels.
        read_as: what was said of it.

    Returns:
        JSON-able: `form`, `source`; `header_line`, from 1; `separator`; `columns`, all of the
        file's, each {name, examples, column, unit}: its whole name, by which it can be mapped,
        different cells of the first rows, the column of ours that it is read as, or null, and the
        unit in its name, or null; `missing`, our columns that are needed and were not found;
        `units_known`, by column of ours, the units that may be said of it.

    Raises:
        CatalogError: it is not a table.
    """
    lines = Lines(stream)
    header = find_header(lines, label_required, read_as)
    examples: list[list[str]] = [[] for _ in header.names]
    for record in _first_records(lines, header.delimiter):
        for cell, known in zip(record, examples, strict=False):
            text = shown(cell)[1:-1]
            if cell.strip() and text not in known and len(known) < _EXAMPLES:
                known.append(text)
    ours = {position: column for column, position in header.fields.items()}
    return {
        "form": header.form,
        "source": SURVEYS[header.form],
        "header_line": header.line,
        "separator": header.delimiter,
        "columns": [
            {
                "name": name,
                "examples": examples[i],
                "column": ours.get(i),
                "unit": plain_name(name).unit or None,
            }
            for i, name in enumerate(header.names)
        ],
        "missing": [each for each in needed_columns(label_required) if each not in header.fields],
        "units_known": {column: known for column in COLUMNS if (known := units_known(column))},
    }


def _first_records(lines: Lines, delimiter: str) -> list[list[str]]:
    """Those that can be read; what is wrong behind them is told when the table is read."""
    try:
        batch = next(read_batches(lines, delimiter), None)
    except DelimitedError:
        return []
    return batch.records if batch else []
