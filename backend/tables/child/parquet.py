"""Reads Parquet tables, a block of rows at a time."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from backend.tables.child.cells import cell, column_cells, line
from backend.tables.child.found import BLOCK_ROWS, Found, header, note_left_out
from backend.tables.child.limits import NotReadable, check_size

# As astropy writes them beside its columns.
_ASTROPY = re.compile(rb"-\s*\{[^{}]*?\bname:\s*([^,{}]+)[^{}]*?\bunit:\s*([^,{}]+)[^{}]*\}")

# The name of the column beside another that tells where it has no value, as astropy writes it.
_MASK = ".mask"


def read(path: Path, wanted: str | None, notes: list[str]) -> Found:
    """Find the table of a Parquet file.

    Args:
        path: the file.
        wanted: ignored, but for a check: there is one table only.
        notes: what is odd about it is added.

    Raises:
        NotReadable: it is too large, or has no column that is a single value a row.
    """
    if wanted not in (None, "1", "table 1"):
        raise NotReadable("The file holds one table only: leave out the form field `table`.")
    file = pq.ParquetFile(path)
    check_size(file.metadata.num_rows, file.metadata.num_columns)
    schema = file.schema_arrow
    fields = {field.name for field in schema}
    flat = [
        field for field in schema if not _is_nested(field.type) and not _is_mask(field.name, fields)
    ]
    note_left_out([field.name for field in schema if _is_nested(field.type)], notes)
    if not flat:
        raise NotReadable("The Parquet file has no column with a single value a row.")
    names = [field.name for field in flat]
    if len(set(names)) < len(names):
        raise NotReadable("The Parquet file names columns more than once. Rename all but one.")
    known = _astropy_units(schema.metadata or {})
    units = [_unit(field) or known.get(field.name) for field in flat]
    return Found("table 1", ["table 1"], _text(file, names, header(names, units, notes)))


def _text(file: Any, names: list[str], first: str) -> Iterator[str]:
    yield first
    known = file.schema_arrow.names
    masks = {name: f"{name}{_MASK}" for name in names if f"{name}{_MASK}" in known}
    wanted = [*names, *masks.values()]
    for batch in file.iter_batches(BLOCK_ROWS, columns=wanted, use_threads=False):
        cells = [_cells(batch.column(name)) for name in names]
        for name, mask in masks.items():
            i = names.index(name)
            hidden = batch.column(mask).to_pylist()
            cells[i] = ["" if hide else each for each, hide in zip(cells[i], hidden, strict=True)]
        yield "".join(line(row) for row in zip(*cells, strict=True))


def _cells(column: Any) -> list[str]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_floating(kind):
        mask = np.asarray(column.is_null().to_numpy(zero_copy_only=False))
        filled = column.fill_null(False if pa.types.is_boolean(kind) else 0)
        return column_cells(filled.to_numpy(zero_copy_only=False), mask, quotes=True)
    if pa.types.is_temporal(kind):
        column = column.cast(pa.string())
    return [cell(each, quotes=True) for each in column.to_pylist()]


def _is_mask(name: str, names: set[str]) -> bool:
    return name.endswith(_MASK) and name.removesuffix(_MASK) in names


def _is_nested(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_nested(kind.value_type)
    is_extension = isinstance(kind, pa.BaseExtensionType)
    return pa.types.is_nested(kind) or pa.types.is_union(kind) or is_extension


def _unit(field: Any) -> str | None:
    found = (field.metadata or {}).get(b"unit")
    return None if found is None else found.decode("utf-8", "replace")


def _astropy_units(metadata: dict[bytes, bytes]) -> dict[str, str]:
    text = metadata.get(b"table_meta_yaml", b"")
    return {
        name.decode("utf-8", "replace").strip(" '\""): unit.decode("utf-8", "replace").strip(" '\"")
        for name, unit in _ASTROPY.findall(text)
    }
