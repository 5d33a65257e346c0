"""One chunk's columns to rows: the values, and the first problem of each row that has one."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.cells import (
    MISSING_LABEL,
    read_labels,
    read_stars,
    shown,
)
from backend.transit.catalog.names.column_names import LABEL_WORDS
from backend.transit.catalog.names.plain_names import OUR_UNIT, Scale
from backend.transit.catalog.numbers import DecimalSign, Numbers, read_numbers
from backend.transit.catalog.rejections import Rejection
from backend.transit.columns import COLUMNS, NO_LABEL, RANGES, REQUIRED, ROW_DTYPE, UNITS

# A problem's code is its position here; 0 is none.
_PROBLEMS = (
    "",
    "missing_value",
    "not_a_number",
    "not_finite",
    "out_of_range",
    "unknown_label",
    "duration_not_below_period",
    "ambiguous_number",
)
_MISSING, _NOT_A_NUMBER, _NOT_FINITE, _OUT_OF_RANGE, _UNKNOWN_LABEL, _TOO_LONG, _AMBIGUOUS = range(
    1, 8
)

_NOWHERE = np.array([], dtype=np.intp)

Cells = Mapping[str, Sequence[str]]
Texts = Mapping[str, str]
Signs = Mapping[str, DecimalSign]
Scales = Mapping[str, Scale]


class ReadColumns(NamedTuple):
    """The columns of a chunk that are ours, each as it was read.

    `names` are they, in the order of the table; `numbers` those that hold numbers, in the file's
    unit; `labels` the labels' codes, int8, (n,), or None; `stars` the identifiers, S48, (n,), or
    None, of which a spreadsheet has rounded `lost_stars`.
    """

    names: list[str]
    numbers: Mapping[str, Numbers]
    labels: NDArray[np.int8] | None
    stars: NDArray[np.bytes_] | None
    lost_stars: int


class CheckedRows(NamedTuple):
    """The rows of a chunk, usable or not.

    `rows` is ROW_DTYPE, (n,), its `line` not filled in; `problem` int8, (n,), 0 where the row is
    usable; `column` int8, (n,), the position among the columns' names of the one to blame.
    """

    rows: NDArray[np.void]
    problem: NDArray[np.int8]
    column: NDArray[np.int8]


class Chunk(NamedTuple):
    """Some thousand consecutive records of a catalogue.

    `records` are all of them, as the file's own fields, and `lines` their 1-based lines, both empty
    where nobody asked for them; `accepted` (intp, (n,)) are the positions of the usable ones, and
    `rows` (ROW_DTYPE, (n,)) their values; `rejections` name the others, in the file's order.
    `evidence` (EVIDENCE_DTYPE and what it has of TEACHING_DTYPE, (n,)) is what the table tells of
    `rows` besides; None if nothing.
    """

    records: list[list[str]]
    lines: list[int]
    accepted: NDArray[np.intp]
    rows: NDArray[np.void]
    rejections: list[Rejection]
    evidence: NDArray[np.void] | None


def read_columns(cells: Cells, signs: Signs, labels: Mapping[str, int]) -> ReadColumns:
    """Read a chunk's cells.

    Args:
        cells: by column of ours, the text of each row, (n,); what the table lacks is not there.
        signs: the decimal sign of each column of numbers.
        labels: codes of words that a person said.
    """
    stars, lost = read_stars(cells["star"]) if "star" in cells else (None, _NOWHERE)
    return ReadColumns(
        list(cells),
        {name: read_numbers(cells[name], signs[name]) for name in COLUMNS if name in cells},
        read_labels(cells["label"], labels) if "label" in cells else None,
        stars,
        len(lost),
    )


# A number may be so large that 24 times it, or it in our unit, is none: it is infinite then.
@np.errstate(over="ignore")
def check_rows(columns: ReadColumns, *, label_required: bool, scales: Scales) -> CheckedRows:
    """Find each row's first problem, in the order of the columns.

    Args:
        columns: as they were read.
        label_required: whether a row without a known label has a problem.
        scales: from the numbers of a column to our unit, where it has another one.
    """
    count = len(columns.numbers[REQUIRED[0]].values)
    checked = CheckedRows(
        np.zeros(count, ROW_DTYPE), np.zeros(count, np.int8), np.zeros(count, np.int8)
    )
    rows, names = checked.rows, columns.names
    for column in COLUMNS:
        rows[column] = np.nan
        if column in columns.numbers:
            values = scales.get(column, OUR_UNIT).apply(columns.numbers[column].values)
            rows[column] = values
            problems = _problems_of(column, columns.numbers[column]._replace(values=values))
            _note(checked, names.index(column), problems)
    rows["label"] = NO_LABEL
    if columns.labels is not None:
        rows["label"] = np.maximum(columns.labels, NO_LABEL)
        if label_required:
            _note(checked, names.index("label"), _label_problems(columns.labels))
    too_long = rows["duration"] >= rows["period"] * 24
    _note(checked, names.index("duration"), np.where(too_long, _TOO_LONG, 0))
    if columns.stars is not None:
        rows["star"] = columns.stars
    return checked


def problem_of(
    checked: CheckedRows, row: int, texts: Texts, scales: Scales
) -> tuple[str, str, str]:
    """What is wrong with a row.

    Args:
        checked: with the row.
        row: its position.
        texts: its cells by column of ours, in the order of the table.
        scales: from the numbers of a column to our unit.

    Returns:
        A reason code, our name of the column at fault, and what was expected and received.
    """
    reason = _PROBLEMS[checked.problem[row]]
    column = list(texts)[checked.column[row]]
    if column == "label":
        expected = f"one of {', '.join(LABEL_WORDS)}"
    elif reason == "duration_not_below_period":
        expected = f"hours below the period of {shown(texts['period'])} days"
    elif reason == "ambiguous_number":
        expected = "a number of which the table tells the decimal sign"
    else:
        low, high = RANGES[column]
        expected = f"a number from {low:,.12g} to {high:,.12g} {UNITS[column]}".rstrip()
        if column in scales:
            factor, offset = scales[column]
            times = f"that of the file times {factor:.6g} plus {offset:.6g}"
            expected += f" ({times if offset else f'of which one in the file is {factor:.6g}'})"
    return reason, column, f"expected {expected}, received {shown(texts[column])}"


def all_but(rejected: Collection[int], count: int) -> NDArray[np.bool_]:
    """Which of so many rows can be used: bool, (count,)."""
    is_usable = np.ones(count, np.bool_)
    is_usable[list(rejected)] = False
    return is_usable


def in_order(rejected: Mapping[int, Rejection]) -> list[Rejection]:
    """Why rows cannot be used, by their positions, in the order of the file."""
    return [rejected[i] for i in sorted(rejected)]


def _note(checked: CheckedRows, column: int, problems: NDArray[np.integer]) -> None:
    """Record the problems of rows that have none yet."""
    new = (problems != 0) & (checked.problem == 0)
    checked.problem[new] = problems[new]
    checked.column[new] = column


def _problems_of(column: str, numbers: Numbers) -> NDArray[np.int8]:
    values = numbers.values
    problems = np.zeros(len(values), np.int8)
    low, high = RANGES[column]
    problems[(values < low) | (values > high)] = _OUT_OF_RANGE
    problems[np.isinf(values)] = _NOT_FINITE
    if column in REQUIRED:
        problems[np.isnan(values)] = _MISSING
    problems[numbers.garbled] = _NOT_A_NUMBER
    problems[numbers.ambiguous] = _AMBIGUOUS
    return problems


def _label_problems(labels: NDArray[np.int8]) -> NDArray[np.int8]:
    problems = np.zeros(len(labels), np.int8)
    problems[labels == NO_LABEL] = _UNKNOWN_LABEL
    problems[labels == MISSING_LABEL] = _MISSING
    return problems
