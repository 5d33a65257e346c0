"""Reads the evidence of one table, chunk by chunk, and counts what could not be read."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.cells import shown
from backend.transit.catalog.evidence.names import EvidenceColumns
from backend.transit.catalog.evidence.teaching import (
    EXPECTED_WEIGHT,
    IF_NO_WEIGHT,
    wrong_weights,
)
from backend.transit.catalog.evidence.values import (
    EvidenceCells,
    EvidenceRows,
    Record,
    as_rows,
    read_cells,
)
from backend.transit.catalog.numbers import DecimalSign
from backend.transit.catalog.rejections import Rejection


class EvidenceReader:
    """The evidence of a table's rows, in the order in which they are read.

    Args:
        columns: of the table.
        header: the column names as they stand in the file.
        signs: by position, the decimal sign of each of these columns that holds numbers.
    """

    def __init__(
        self, columns: EvidenceColumns, header: list[str], signs: Mapping[int, DecimalSign]
    ) -> None:
        self.columns = columns
        self.recognised = columns.recognised(header)
        self._signs = signs
        self._unread: Counter[str] = Counter()
        self._without_reference = 0

    def cells(self, records: Sequence[Record]) -> EvidenceCells | None:
        """The cells of some whole records; None: there are none."""
        return read_cells(self.columns, records, self._signs) if self.columns else None

    def wrong_weights(
        self, cells: EvidenceCells | None, record: Callable[[int], Record], lines: NDArray[np.intp]
    ) -> Iterator[tuple[int, Rejection]]:
        """The positions of the rows whose weight is none, and why they are left out.

        Args:
            cells: of the rows, (n,).
            record: gives the fields of one of them.
            lines: intp, (n,), in the file.
        """
        position = self.columns.teaching.get("weight")
        if cells is None or position is None:
            return
        name = self.recognised["weight"][0]
        for i, reason in wrong_weights(cells.numbers[position]):
            received = shown(record(i)[position])
            message = f"{name}: {EXPECTED_WEIGHT}, received {received}{IF_NO_WEIGHT}"
            yield i, Rejection(int(lines[i]), reason, name, message)

    def of_cells(
        self, cells: EvidenceCells | None, is_usable: NDArray[np.bool_]
    ) -> NDArray[np.void] | None:
        """Of `EvidenceColumns.dtype`, (m,), of the usable rows; None: there is none."""
        if cells is None:
            return None
        read = as_rows(self.columns, cells, len(is_usable))
        self._count(read, is_usable)
        return read.rows[is_usable]

    def unread(self) -> list[dict[str, Any]]:
        """What could not be read in the usable rows so far.

        Returns:
            {column, names, rows, has_reference} each: the name in the rows' type, those of the
            file, the number of rows, and false for epochs of which nothing tells from which day
            they count.
        """
        found = []
        for column, names in self.recognised.items():
            without = self._without_reference if column == "epoch" else 0
            for rows, has_reference in ((without, False), (self._unread[column] - without, True)):
                if rows:
                    found.append(
                        {
                            "column": column,
                            "names": names,
                            "rows": rows,
                            "has_reference": has_reference,
                        }
                    )
        return found

    def _count(self, read: EvidenceRows, is_usable: NDArray[np.bool_]) -> None:
        for column, is_unread in read.unread.items():
            self._unread[column] += int((is_unread & is_usable).sum())
        self._without_reference += int((read.has_no_reference & is_usable).sum())
