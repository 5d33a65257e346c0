"""CSV bytes to validated rows, chunk by chunk, with a reason for every row that is left out."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.cells import shown
from backend.transit.catalog.column_names import BANDS
from backend.transit.catalog.header import CatalogError, Header, read_header, shown_names
from backend.transit.catalog.lines import DelimitedError, Lines
from backend.transit.catalog.records import Batch, read_batches
from backend.transit.catalog.rejections import Rejection, RejectionLog
from backend.transit.catalog.rows import check_rows, problem_of
from backend.transit.report.profile import profile

__all__ = ["Catalog", "CatalogError", "Chunk", "Rejection", "band", "open_catalog", "profile"]

# Rows read, and the share of them that must be usable; below it the file is not a catalogue and
# the rest is not read. A hundred megabytes of rubbish would take minutes.
GIVE_UP = ((100_000, 0.01), (2_000_000, 0.5))
_REASONS_SHOWN = 3


class Chunk(NamedTuple):
    """Some thousand consecutive records of a catalogue.

    `records` are all of them, as the file's own fields, and `lines` their 1-based lines;
    `accepted` (intp, (n,)) are the positions in `records` of the usable ones, and `rows`
    (ROW_DTYPE, (n,)) their values; `rejections` name the others, in the file's order.
    """

    records: list[list[str]]
    lines: list[int]
    accepted: NDArray[np.intp]
    rows: NDArray[np.void]
    rejections: list[Rejection]


class Catalog:
    """An opened catalogue: its header is understood, its rows are read by iterating, once.

    Attributes:
        source: "exotrain", "koi" or "toi", the format that was recognised.
        header: the column names as they stand in the file.
        delimiter: what separates the fields: a comma, a semicolon or a tab.
        columns: the header name of each of our columns that the table has.
        rejections: the rows left out so far.
    """

    def __init__(
        self, lines: Lines, header: Header, label_required: bool, rejections: RejectionLog
    ) -> None:
        self.source = header.source
        self.header = header.names
        self.delimiter = header.delimiter
        self.columns = {column: header.names[i] for column, i in header.fields.items()}
        self.rejections = rejections
        self._lines = lines
        self._fields = header.fields
        self._label_required = label_required

    def __iter__(self) -> Iterator[Chunk]:
        """Yield the table's chunks.

        Raises:
            CatalogError: when the file turns out not to be a table, or to hold no usable row.
        """
        accepted = 0
        try:
            for batch in read_batches(self._lines, self.delimiter):
                chunk = self._chunk(batch)
                accepted += len(chunk.accepted)
                self.rejections.add(chunk.rejections)
                if self._has_too_few_usable_rows(accepted):
                    raise self._few_usable_rows_error(accepted)
                yield chunk
        except DelimitedError as error:
            raise CatalogError(str(error), found=shown_names(self.header)) from error
        if not accepted:
            raise self._few_usable_rows_error(0)

    def _chunk(self, batch: Batch) -> Chunk:
        rejections = _malformed(batch, len(self.header))
        whole = np.array(
            [i for i in range(len(batch.records)) if i not in rejections], dtype=np.intp
        )
        cells = self._cells([batch.records[i] for i in whole])
        checked = check_rows(
            cells, label_required=self._label_required, decimal_comma=self.delimiter == ";"
        )
        lines = np.array(batch.lines)[whole]
        checked.rows["line"] = lines
        for i in np.flatnonzero(checked.problem).tolist():
            reason, column, message = problem_of(checked, cells, i)
            name = self.columns[column]
            rejections[int(whole[i])] = Rejection(int(lines[i]), reason, name, f"{name}: {message}")
        is_usable = checked.problem == 0
        ordered = [rejections[i] for i in sorted(rejections)]
        return Chunk(batch.records, batch.lines, whole[is_usable], checked.rows[is_usable], ordered)

    def _cells(self, records: list[list[str]]) -> dict[str, list[str]]:
        """The text of each column that is read; no other is looked at."""
        return {column: [record[i] for record in records] for column, i in self._fields.items()}

    def _has_too_few_usable_rows(self, accepted: int) -> bool:
        rows = accepted + self.rejections.total
        return any(rows >= enough and accepted < share * rows for enough, share in GIVE_UP)

    def _few_usable_rows_error(self, accepted: int) -> CatalogError:
        found = shown_names(self.header)
        rows = accepted + self.rejections.total
        if not rows:
            return CatalogError("The file has a header but no rows.", found=found)
        first = self.rejections.first[:_REASONS_SHOWN]
        counts = ", ".join(f"{n:,} {r}" for r, n in self.rejections.by_reason.most_common())
        examples = "; ".join(f"line {item.line}: {item.message}" for item in first)
        return CatalogError(
            f"Only {accepted:,} of {rows:,} rows can be used ({counts}). {examples}.",
            found=found,
            rejections=self.rejections.first,
        )


def open_catalog(
    stream: BinaryIO, *, label_required: bool, rejection_sink: TextIO | None = None
) -> Catalog:
    """Read a catalogue's comments and header, and recognise its format.

    Args:
        stream: the file's bytes, at its start; read further while the catalogue is iterated.
        label_required: whether a row without a known label is left out.
        rejection_sink: where every row that is left out is written, one JSON object a line.

    Raises:
        CatalogError: when this is not a table, or a required column is missing.
    """
    lines = Lines(stream)
    header = read_header(lines, label_required)
    return Catalog(lines, header, label_required, RejectionLog(rejection_sink))


def band(source: str) -> str:
    """The photometric band, "kepler" or "tess", of a catalogue of this format."""
    return BANDS[source]


def _malformed(batch: Batch, expected: int) -> dict[int, Rejection]:
    """Rejections by position, of the records that do not have the header's number of fields."""
    rejections = {}
    for i, record in enumerate(batch.records):
        if len(record) != expected:
            message = f"expected {expected} fields as in the header, received {len(record)}"
            rejections[i] = Rejection(batch.lines[i], "field_count", None, message)
    for i in batch.unclosed:
        message = f"expected a closing quote, received none in {shown(batch.records[i][0])}"
        rejections[i] = Rejection(batch.lines[i], "unclosed_quote", None, message)
    return rejections
