"""Reads the result of a batch: rows by page, or as a table to download, filtered and sorted."""

import csv
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.errors import Conflict, Gone
from backend.services.batch_jobs.index import (
    INDEX_DTYPE,
    OwnColumns,
    as_words,
    plain,
    values_of,
)
from backend.services.context import Services
from backend.transit.columns import LABELS, NO_LABEL

SORTS = (
    "line",
    "p_candidate",
    "p_confirmed",
    "p_false_positive",
    "period",
    "depth",
    "predicted_period",
    "predicted_depth_ppm",
)


_ROWS_A_PIECE = 1_000
_PIECE_BYTES = 1 << 20


class Wanted(NamedTuple):
    """Which rows, and in which order; None and "" filter nothing.

    Attributes:
        label: the code of the predicted label.
        uncertain, error: whether a row is uncertain, or could not be predicted.
        min_confirmed: the least probability of CONFIRMED.
        words: part of the name of a candidate or its star.
        sort: one of SORTS; rows without a value come last.
        descending: the largest first.
    """

    label: int | None = None
    uncertain: bool | None = None
    error: bool | None = None
    min_confirmed: float | None = None
    words: str = ""
    sort: str = "line"
    descending: bool = False


class Result:
    """An open result; it can be read although its files are deleted meanwhile.

    They are let go of with the object.
    """

    def __init__(self, services: Services, batch: Record) -> None:
        """Open the result of a batch.

        Raises:
            Gone: its time is over.
            Conflict: the batch has none, or its files are missing.
        """
        _require_result(services, batch)
        place = batch["workspace_id"], batch["id"]
        try:
            self._table = _mapped(services.storage.batch_result(*place))
            self._index = np.frombuffer(_mapped(services.storage.batch_index(*place)), INDEX_DTYPE)
        except (FileNotFoundError, ValueError) as error:  # ValueError: it has another size
            raise _missing(batch) from error
        if (len(self._table), len(self._index)) != (batch["result_bytes"], batch["rows_done"]):
            raise _missing(batch)
        self.own = OwnColumns.from_json(batch["reading"])

    def find(self, wanted: Wanted) -> NDArray[np.int64]:
        """The places of the rows that are wanted, in their order: int64, (n,)."""
        index = self._index
        is_wanted = np.ones(len(index), bool)
        if wanted.label is not None:
            is_wanted &= index["label"] == wanted.label
        if wanted.uncertain is not None:
            is_wanted &= index["uncertain"] == int(wanted.uncertain)
        if wanted.error is not None:
            is_wanted &= index["error"] == wanted.error
        if wanted.min_confirmed is not None:
            is_wanted &= index["probabilities"][:, LABELS.index("CONFIRMED")] >= np.float32(
                wanted.min_confirmed
            )
        if words := as_words(wanted.words.strip()):
            is_wanted &= np.char.find(index["words"], words) >= 0
        found = np.flatnonzero(is_wanted)
        keys = self._keys(wanted.sort)[found]
        if wanted.descending:
            keys = -keys
        return found[np.argsort(keys, kind="stable")]  # what is not a number comes last

    def rows(self, places: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Rows as the API shows them."""
        if not len(places):
            return []
        records = [self._record(place) for place in places.tolist()]
        width = len(self.own.names)
        own = [record[:width] for record in records]
        checked = self.own.check(own).rows
        return [
            {
                "row": int(place),
                "line": int(self._index["line"][place]),
                "name": self.own.name_of(cells),
                "star": row["star"].decode(),
                "label": self._own_label(row["label"], cells),
                "values": values_of(row),
                **self.own.added_values(record),
                "cells": [plain(cell) for cell in cells],
            }
            for place, record, cells, row in zip(places, records, own, checked, strict=True)
        ]

    def records(self, places: NDArray[np.int64]) -> Iterator[list[list[str]]]:
        """The cells of rows as they stand in the CSV, some hundred rows at a time."""
        for at in range(0, len(places), _ROWS_A_PIECE):
            yield [self._record(place) for place in places[at : at + _ROWS_A_PIECE].tolist()]

    def whole(self) -> tuple[int, Iterator[bytes]]:
        """The CSV: how many bytes it has, and the bytes."""
        size = len(self._table)
        places = range(0, size, _PIECE_BYTES)
        return size, (self._table[at : at + _PIECE_BYTES] for at in places)

    def part(self, places: NDArray[np.int64]) -> tuple[int, Iterator[bytes]]:
        """The same of some rows alone, in their order."""
        starts = self._index["start"]
        ends = np.append(starts[1:], len(self._table))
        head = int(starts[0]) if len(starts) else len(self._table)
        size = head + int((ends[places] - starts[places]).sum())
        return size, self._pieces(head, starts[places], ends[places])

    def _pieces(self, head: int, starts: np.ndarray, ends: np.ndarray) -> Iterator[bytes]:
        yield self._table[:head]
        for at in range(0, len(starts), _ROWS_A_PIECE):
            places = slice(at, at + _ROWS_A_PIECE)
            pairs = zip(starts[places].tolist(), ends[places].tolist(), strict=True)
            yield b"".join(self._table[start:end] for start, end in pairs)

    def _keys(self, sort: str) -> NDArray[np.float64]:
        index = self._index
        if sort in ("p_candidate", "p_confirmed", "p_false_positive"):
            place = ("p_candidate", "p_confirmed", "p_false_positive").index(sort)
            return index["probabilities"][:, place].astype(np.float64)
        return index[sort].astype(np.float64)

    def _record(self, place: int) -> list[str]:
        is_last = place + 1 == len(self._index)
        end = len(self._table) if is_last else int(self._index["start"][place + 1])
        text = self._table[int(self._index["start"][place]) : end].decode()
        # A carriage return inside a cell is not quoted: to `csv` it would end the record.
        text = text.replace("\r", " ")
        (record,) = csv.reader([text], delimiter=self.own.read.separator)
        return record

    def _own_label(self, code: int, cells: list[str]) -> str | None:
        """The label that the file gives: a class, or the words of the table; null for none."""
        if code != NO_LABEL:
            return LABELS[code]
        place = self.own.read.fields.get("label")
        return None if place is None else plain(cells[place]).strip() or None


def _require_result(services: Services, batch: Record) -> None:
    if batch["expired_at"] is not None:
        days = services.settings.batch_days
        raise Gone(
            f"The result of batch {batch['id']} was removed on {batch['expired_at'][:10]}: results "
            f"are kept for {days} days (EXOTRAIN_BATCH_DAYS). Post the file again."
        )
    if batch["status"] != "completed":
        raise Conflict(f"Batch {batch['id']} has no result: it is {batch['status']}.")


def _missing(batch: Record) -> Conflict:
    return Conflict(
        f"The result of batch {batch['id']} is missing on the server or damaged: post the file "
        "again."
    )


def _mapped(path: Path) -> mmap.mmap:
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
