"""Adds prediction columns to a catalogue: how its table was read, and the cells of the answer."""

import csv
import json
import math
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Literal, NamedTuple

from backend.tables.converter import Converted
from backend.transit.catalog.names.column_names import OWN_FORMAT
from backend.transit.catalog.names.plain_names import Scale
from backend.transit.catalog.names.read_as import ReadAs
from backend.transit.catalog.numbers import DecimalSign
from backend.transit.catalog.reader import Catalog, Chunk
from backend.transit.columns import LABELS, NEIGHBOUR_COLUMNS
from backend.transit.relation_sentences import name_or_line

# How a row relates to others, and what that means in English.
RELATION_CELLS = (
    *("candidates_on_star", "sibling_period_ratio", "sibling"),
    *("ephemeris_matches", "match_separation_arcsec", "match_depth_ratio"),
    *("match_magnitude_difference", "match", "relations"),
)

ADDED_COLUMNS = (
    "predicted_label",
    *(f"p_{name.lower().replace(' ', '_')}" for name in LABELS),
    "predicted_period",
    "predicted_depth_ppm",
    "uncertain",
    "density_ratio",
    "planet_radius_earth",
    "is_grazing",
    "single_transit_snr",
    "missing_inputs",
    "outside_training_range",
    "sparse",
    *RELATION_CELLS,
    "trained_on_simulated",
    "prediction_error",
)

# Behind the name of a row that is not of the catalogue.
IN_TRAINING_TABLE = " (training table)"

# Spreadsheets run a cell that starts with one of these, the full-width forms included.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001
# Nearly all cells of a catalogue: no more need be known of them.
_HARMLESS_STARTS = frozenset(("", *string.ascii_letters, *string.digits, "."))
# Digits with decimal signs and marks between groups: nothing of it is run.
_NUMBER = re.compile(
    r"[+-]?(\d[\d.,\u2019\u00a0\u2009\u202f]*|[.,]\d+)([eE][+-]?\d+)?\s*", re.ASCII
)

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

# Of a header of the answer.
_LONGEST_IN_HEADER, _MOST_IN_HEADER = 300, 5

# The significant digits of a float32 network.
_DIGITS = 7


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
        self, chunks: Iterable[Chunk], predict_rows: Callable[..., list[dict[str, Any]]]
    ) -> Iterator[tuple[Chunk, list[list[str]]]]:
        """Each chunk with the cells that are added to its records."""
        return _one_ahead(partial(_predictions, predict_rows, self.read.decimal), chunks)

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
    added = set(ADDED_COLUMNS) if is_answer else set()
    own = [i for i, name in enumerate(header) if name not in added]
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


def _one_ahead(
    predict_chunk: Callable[[Chunk, bool], list[list[str]]], chunks: Iterable[Chunk]
) -> Iterator[tuple[Chunk, list[list[str]]]]:
    """Each chunk with its predictions, which are made while the one before is written.

    The server reads and writes tables with one core while the predictor's worker uses another. The
    predictor still has one request of this table at a time.
    """
    with ThreadPoolExecutor(1, "batch") as predicting:
        earlier: tuple[Chunk, Future[list[list[str]]]] | None = None
        for chunk in chunks:
            promised = predicting.submit(predict_chunk, chunk, earlier is not None)
            if earlier is not None:
                yield earlier[0], earlier[1].result()
            earlier = chunk, promised
        if earlier is not None:
            yield earlier[0], earlier[1].result()


def _harmless_record(record: list[str], width: int, period: int) -> list[str]:
    if len(record) != width:
        record = _as_wide(record, width, period)
    return [cell if cell[:1] in _HARMLESS_STARTS else harmless(cell) for cell in record]


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows and does not run; plain numbers are unchanged."""
    is_formula = cell.startswith(_FORMULA_STARTS) or cell.lstrip().startswith(_FORMULA_STARTS)
    if is_formula and not _NUMBER.fullmatch(cell.strip()):
        return f"'{cell}"
    return cell


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
            cells[position] = _cells(answer, decimal)
    reasons = {each.line: each.message for each in chunk.rejections}
    return [
        cells.get(position) or _no_prediction(reasons.get(line, "This row was left out."))
        for position, line in enumerate(chunk.lines)
    ]


def _cells(answer: dict[str, Any], decimal: DecimalSign) -> list[str]:
    def written(value: float | None) -> str:
        return _number(value).replace(".", decimal.value)

    numbers = [*answer["probabilities"].values(), answer["period"], answer["depth_ppm"]]
    found = answer["diagnostics"]
    return [
        answer["label_name"],
        *map(written, numbers),
        _flag(answer["uncertain"]),
        written(found["density_ratio"]),
        written(found["planet_radius"]),
        _flag(found["is_grazing"]),
        written(found["single_transit_snr"]),
        ";".join(answer["missing"]),
        ";".join(each["column"] for each in found["outside_training_range"]),
        _flag(found["is_sparse"]),
        *_relation_cells(answer["relations"], written),
        _flag(answer["simulated"]),
        "",
    ]


def _relation_cells(
    relations: dict[str, Any] | None, written: Callable[[float | None], str]
) -> list[str]:
    if relations is None:
        return [""] * len(RELATION_CELLS)
    numbers = {name: written(relations[name]) for name in NEIGHBOUR_COLUMNS}
    return [
        numbers["candidates_on_star"],
        numbers["sibling_period_ratio"],
        _other(relations["sibling"]),
        numbers["ephemeris_matches"],
        numbers["match_separation"],
        numbers["match_depth_ratio"],
        numbers["match_magnitude_difference"],
        _other(relations["match"]),
        harmless(" ".join(relations["sentences"])),
    ]


def _other(other: dict[str, Any] | None) -> str:
    if other is None:
        return ""
    return harmless(name_or_line(other) + (IN_TRAINING_TABLE if other["in_training_table"] else ""))


def _no_prediction(reason: str) -> list[str]:
    return [""] * (len(ADDED_COLUMNS) - 1) + [harmless(reason)]


def _number(value: float | None) -> str:
    return f"{value:.{_DIGITS}g}" if value is not None and math.isfinite(value) else ""


def _flag(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def _as_wide(record: list[str], width: int, period: int) -> list[str]:
    """A record cut or filled to the header's number of fields; a wrong number is its reason.

    Its cells may stand in other columns than their own. Without a period, no prediction of the
    answer takes them for whole.
    """
    cells = (record + [""] * width)[:width]
    if len(record) > 1:
        cells[period] = ""
    return cells
