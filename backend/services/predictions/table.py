"""Adds prediction columns to a catalogue: how its table was read, and the cells of the answer."""

import csv
import json
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Literal, NamedTuple

from backend.services.predictions.cells import (
    ADDED_COLUMNS,
    added_cells,
    harmless,
    harmless_record,
    no_prediction,
)
from backend.tables.converter import Converted
from backend.transit.catalog.names.column_names import OWN_FORMAT
from backend.transit.catalog.names.plain_names import Scale
from backend.transit.catalog.names.read_as import ReadAs
from backend.transit.catalog.numbers import DecimalSign
from backend.transit.catalog.reader import Catalog, Chunk
from backend.transit.columns import LABELS

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

# Of a header of the answer.
_LONGEST_IN_HEADER, _MOST_IN_HEADER = 300, 5


class BatchRead(NamedTuple):
    """How a table was read, and how the answer is written.

    `source` is the survey that its rows were taken for, `separator` and `decimal` are those of the
    answer, `fields` the position in it of each of our columns, `signs` and `scales` the decimal
    sign and the way to our unit of those that hold numbers, if they are in another one, `limits`
    the position of the flag that is set where such a number is a limit.
    `labels` are codes of words that were said; `converted` is what the text was made of, if the
    file was no text.
    """

    source: str
    separator: str
    decimal: DecimalSign
    fields: Mapping[str, int]
    signs: Mapping[str, DecimalSign]
    scales: Mapping[str, Scale]
    limits: Mapping[str, int]
    labels: Mapping[str, int]
    converted: Converted | None

    def dialect(self) -> str:
        """Separator and decimal sign of the answer, as a dictionary of structured fields."""
        return f"separator={_SEPARATORS[self.separator]}, decimal={self.decimal.name.lower()}"

    def columns(self) -> str:
        """The columns as a dictionary of structured fields (RFC 9651): `depth=2;decimal=dot`."""
        return ", ".join(f"{name}={i}{self._how(name)}" for name, i in self.fields.items())

    def file(self) -> str:
        """What the text was made of, as JSON in ASCII; of notes and tables the first few."""
        if self.converted is None:
            return "null"
        described = self.converted.described()
        return json.dumps(
            {
                **described,
                "tables": described["tables"][:_MOST_IN_HEADER],
                "notes": [
                    note[:_LONGEST_IN_HEADER] for note in self.converted.notes[:_MOST_IN_HEADER]
                ],
            }
        )

    def _how(self, name: str) -> str:
        decimal = f";decimal={self.signs[name].name.lower()}" if name in self.signs else ""
        if name not in self.scales:
            return decimal
        factor, offset = self.scales[name]
        return f"{decimal};factor={factor:.12g}" + (f";offset={offset:.12g}" if offset else "")


class PredictedTable:
    """The table of an answer: the columns of a catalogue, then the predictions.

    Attributes:
        read: how the catalogue is read and the answer written.
        names: the catalogue's own columns that the answer has.
    """

    def __init__(
        self, catalog: Catalog, own_source: str, read_as: ReadAs, converted: Converted | None
    ) -> None:
        self.read, self._own = _reading_of(catalog, own_source, read_as, converted)
        self._width = len(catalog.header)
        self._period = catalog.fields["period"]
        self._quoted = {self.read.fields[name] for name in catalog.quoted & self.read.fields.keys()}
        self.names = [catalog.header[i] for i in self._own]

    def header(self) -> list[str]:
        """The names of the columns."""
        return [harmless(name) for name in (*self.names, *ADDED_COLUMNS)]

    def writer(self, sink: Any) -> Any:
        """A `csv.writer` of the answer; calls `sink.write` once a record."""
        return csv.writer(
            sink, delimiter=self.read.separator, lineterminator="\n", quoting=self._quoting
        )

    @property
    def _quoting(self) -> Literal[0, 1, 2]:
        """Between commas, 6.161 without quotes would be 6.161, whatever it was."""
        if self.read.separator == "," and self.read.decimal is DecimalSign.COMMA:
            return csv.QUOTE_ALL
        return csv.QUOTE_NONNUMERIC if self._quoted else csv.QUOTE_MINIMAL

    def predictions(
        self,
        chunks: Iterable[Chunk],
        predict_rows: Callable[..., list[dict[str, Any]]],
        at_once: int = 1,
    ) -> Iterator[tuple[Chunk, list[list[str]]]]:
        """Each chunk with the cells that are added to its records.

        Args:
            chunks: of the catalogue.
            predict_rows: predicts the rows of a chunk.
            at_once: how many chunks are predicted at the same time.
        """
        predict_chunk = partial(_predictions, predict_rows, self.read.decimal)
        return _ahead(predict_chunk, chunks, at_once)

    def records(self, chunk: Chunk, added: list[list[str]]) -> Iterator[list[str]]:
        """The records of a chunk as they stand in the answer."""
        wide = (_harmless_record(record, self._width, self._period) for record in chunk.records)
        is_whole = len(self._own) == self._width
        kept = wide if is_whole else ([record[i] for i in self._own] for record in wide)
        whole = ([*record, *cells] for record, cells in zip(kept, added, strict=True))
        if self._quoting != csv.QUOTE_NONNUMERIC:
            return whole
        return (self._with_quotes(record) for record in whole)

    def _with_quotes(self, record: list[str]) -> list[str]:
        return [cell if i in self._quoted else _Plain(cell) for i, cell in enumerate(record)]


class _Plain(str):
    """A cell that a `csv.writer` takes for a number: quoted only where it must be."""

    __slots__ = ()

    def __float__(self) -> float:
        return math.nan


def source_of(catalog: Catalog, own_source: str) -> str:
    """The survey that a catalogue's rows are taken for, `own_source` in exotrain format."""
    return own_source if catalog.source == OWN_FORMAT else catalog.source


def _reading_of(
    catalog: Catalog, own_source: str, read_as: ReadAs, converted: Converted | None
) -> tuple[BatchRead, list[int]]:
    """How a table is read and answered, and the positions of its columns that the answer has."""
    header = catalog.header
    is_answer = set(ADDED_COLUMNS[: 1 + len(LABELS)]) <= set(header)
    # An earlier prediction has put its columns behind the table's own, which may have such names.
    begin = header.index(ADDED_COLUMNS[0]) if is_answer else len(header)
    own = [i for i, name in enumerate(header) if i < begin or name not in ADDED_COLUMNS]
    place = {i: at for at, i in enumerate(own)}
    known = set(catalog.signs.values()) - {DecimalSign.UNKNOWN}
    read = BatchRead(
        source=source_of(catalog, own_source),
        separator=catalog.delimiter,
        decimal=DecimalSign.COMMA if known == {DecimalSign.COMMA} else DecimalSign.DOT,
        fields={name: place[i] for name, i in catalog.fields.items() if i in place},
        signs=catalog.signs,
        scales=catalog.scales,
        limits={name: place[i] for name, i in catalog.limits.items() if i in place},
        labels=read_as.labels,
        converted=converted,
    )
    return read, own


def _ahead(
    predict_chunk: Callable[[Chunk, bool], list[list[str]]],
    chunks: Iterable[Chunk],
    at_once: int,
) -> Iterator[tuple[Chunk, list[list[str]]]]:
    """Each chunk with its predictions, in order; the next are predicted while one is written.

    The server reads and writes tables with one core while the predictor's worker uses another. The
    predictor still has one request of this table at a time; a cluster has as many as are said.
    """
    with ThreadPoolExecutor(at_once, "batch") as predicting:
        waiting: deque[tuple[Chunk, Future[list[list[str]]]]] = deque()
        for number, chunk in enumerate(chunks):
            waiting.append((chunk, predicting.submit(predict_chunk, chunk, number > 0)))
            if len(waiting) > at_once:
                earlier, promised = waiting.popleft()
                yield earlier, promised.result()
        while waiting:
            earlier, promised = waiting.popleft()
            yield earlier, promised.result()


def _harmless_record(record: list[str], width: int, period: int) -> list[str]:
    if len(record) != width:
        record = _as_wide(record, width, period)
    return harmless_record(record)


def _predictions(
    predict_rows: Callable[..., list[dict[str, Any]]],
    decimal: DecimalSign,
    chunk: Chunk,
    is_continued: bool,
) -> list[list[str]]:
    """The added cells of each record, in order; `is_continued` unless it is the first chunk."""
    cells: dict[int, list[str]] = {}
    if len(chunk.rows):
        answers = predict_rows(chunk.rows, is_continued=is_continued)
        for position, answer in zip(chunk.accepted.tolist(), answers, strict=True):
            cells[position] = added_cells(answer, decimal)
    reasons = {each.line: each.message for each in chunk.rejections}
    return [
        cells.get(position) or no_prediction(reasons.get(line, "This row was left out."))
        for position, line in enumerate(chunk.lines)
    ]


def _as_wide(record: list[str], width: int, period: int) -> list[str]:
    """A record cut or filled to the header's number of fields; a wrong number is its reason.

    Its cells may stand in other columns than their own. Without a period, no prediction of the
    answer takes them for whole.
    """
    cells = (record + [""] * width)[:width]
    if len(record) > 1:
        cells[period] = ""
    return cells
