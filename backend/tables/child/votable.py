"""Reads VOTables, in each of their serialisations."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import votable

from backend.tables.child.found import Column, Found, text_of
from backend.tables.child.limits import MAX_TABLES, NotReadable
from backend.tables.child.naming import Candidate, choose, unique_names
from backend.tables.child.xml_root import root_element

_LONGEST_MESSAGE = 500


def read(path: Path, wanted: str | None, notes: list[str]) -> Found:
    """Find the table of a VOTable.

    Args:
        path: the file.
        wanted: the table's name; None: the one with the columns of a catalogue.
        notes: what is odd about it is added.

    Raises:
        NotReadable: it is another document, an archive's error message, or not clear.
    """
    with open(path, "rb") as file:
        root = root_element(file)
    if root.rpartition(":")[2] != "VOTABLE":
        raise NotReadable(f"The file is an XML document ({root[:40]}) and not a VOTable.")
    document = votable.parse(path, verify="ignore", unit_format=None)
    infos = list(_infos(document))
    _refuse_error(infos)
    tables = [each for each in document.iter_tables() if not each.is_empty()]
    if not tables:
        raise NotReadable("The VOTable has no table with rows.")
    if len(tables) > MAX_TABLES:
        raise NotReadable(f"The VOTable has {len(tables):,} tables; at most {MAX_TABLES:,} may be.")
    if any(value == "OVERFLOW" for value, _ in infos):
        notes.append("The archive has cut off the table (OVERFLOW): rows are missing.")
    names = unique_names([each.name or each.ID for each in tables], "table")
    fields = [[str(field.name or field.ID) for field in each.fields] for each in tables]
    candidates = [Candidate(*each) for each in zip(names, fields, strict=True)]
    position = choose(candidates, wanted, "tables")
    return Found(names[position], names, text_of(list(_columns(tables[position])), notes))


def _columns(table: Any) -> Iterator[Column]:
    values = table.array
    for field, key in zip(table.fields, values.dtype.names, strict=True):
        column = values[key]
        unit = None if field.unit is None else str(field.unit)
        mask: Any = np.ma.getmaskarray(column)
        if mask.ndim > 1:
            mask = mask.all(axis=tuple(range(1, mask.ndim)))
        yield Column(str(field.name or field.ID), unit, np.ma.getdata(column), mask)


def _infos(document: Any) -> Iterator[tuple[str, str]]:
    """Value and text of every QUERY_STATUS."""
    groups: list[Iterable[Any]] = [document.infos]
    waiting = list(document.resources)
    while waiting:
        resource = waiting.pop()
        groups.append(resource.infos)
        waiting += resource.resources
    for infos in groups:
        for info in infos:
            if str(info.name).upper() == "QUERY_STATUS":
                yield str(info.value).upper(), " ".join(str(info.content or "").split())


def _refuse_error(infos: list[tuple[str, str]]) -> None:
    for value, text in infos:
        if value == "ERROR":
            raise NotReadable(
                "The file is an archive's error message and not a table: "
                f"{text[:_LONGEST_MESSAGE] or 'it gives no reason'}"
            )
