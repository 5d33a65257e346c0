"""One chunk's cells to rows: the values, and the first problem of each row that has one."""

from collections.abc import Mapping, Sequence
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
from backend.transit.catalog.numbers import DecimalSign, read_numbers
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

Cells = Mapping[str, Sequence[str]]
Signs = Mapping[str, DecimalSign]
Scales = Mapping[str, Scale]


class CheckedRows(NamedTuple):
    """The rows of a chunk, usable or not.

    `rows` is ROW_DTYPE, (n,), its `line` not filled in; `problem` int8, (n,), 0 where the row is
    usable; `column` int8, (n,), the position among the cells' columns of the one to blame;
    `lost_stars`, how many identifiers a spreadsheet has rounded.
    """

    rows: NDArray[np.void]
    problem: NDArray[np.int8]
    column: NDArray[np.int8]
    lost_stars: int


def check_rows(
    cells: Cells,
    *,
    label_required: bool,
    signs: Signs,
    scales: Scales,
    labels: Mapping[str, int],
) -> CheckedRows:
    """Read a chunk's cells and find each row's first problem, in the order of the columns.

    Args:
        cells: by column of ours, the text of each row, (n,); what the table lacks is not there.
        label_required: whether a row without a known label has a problem.
        signs: the decimal sign of each column of numbers.
        scales: from the numbers of a column to our unit, where it has another one.
        labels: codes of words that a person said.
    """
    count = len(cells[REQUIRED[0]])
    checked = CheckedRows(
        np.zeros(count, ROW_DTYPE), np.zeros(count, np.int8), np.zeros(count, np.int8), 0
    )
    rows = checked.rows
    names = list(cells)
    for column in COLUMNS:
        rows[column] = np.nan
        if column in cells:
            rows[column], problems = _numbers(
                column, cells[column], signs[column], scales.get(column, OUR_UNIT)
            )
            _note(checked, names.index(column), problems)
    rows["label"] = NO_LABEL
    if "label" in cells:
        codes = read_labels(cells["label"], labels)
        rows["label"] = np.maximum(codes, NO_LABEL)
        if label_required:
            _note(checked, names.index("label"), _label_problems(codes))
    too_long = rows["duration"] >= rows["period"] * 24
    _note(checked, names.index("duration"), np.where(too_long, _TOO_LONG, 0))
    if "star" not in cells:
        return checked
    rows["star"], lost = read_stars(cells["star"])
    return checked._replace(lost_stars=len(lost))


def problem_of(
    checked: CheckedRows, cells: Cells, row: int, scales: Scales
) -> tuple[str, str, str]:
    """A row's reason code, our name of the column at fault, and what was expected and received."""
    reason = _PROBLEMS[checked.problem[row]]
    column = list(cells)[checked.column[row]]
    if column == "label":
        expected = f"one of {', '.join(LABEL_WORDS)}"
    elif reason == "duration_not_below_period":
        expected = f"hours below the period of {shown(cells['period'][row])} days"
    elif reason == "ambiguous_number":
        expected = "a number of which the table tells the decimal sign"
    else:
        low, high = RANGES[column]
        expected = f"a number from {low:,.12g} to {high:,.12g} {UNITS[column]}".rstrip()
        if column in scales:
            factor, offset = scales[column]
            times = f"that of the file times {factor:.6g} plus {offset:.6g}"
            expected += f" ({times if offset else f'of which one in the file is {factor:.6g}'})"
    return reason, column, f"expected {expected}, received {shown(cells[column][row])}"


def _note(checked: CheckedRows, column: int, problems: NDArray[np.integer]) -> None:
    """Record the problems of rows that have none yet."""
    new = (problems != 0) & (checked.problem == 0)
    checked.problem[new] = problems[new]
    checked.column[new] = column


def _numbers(
    column: str, cells: Sequence[str], sign: DecimalSign, scale: Scale
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    problems = np.zeros(len(cells), np.int8)
    values, garbled, ambiguous = read_numbers(cells, sign)
    values = scale.apply(values)
    low, high = RANGES[column]
    problems[(values < low) | (values > high)] = _OUT_OF_RANGE
    problems[np.isinf(values)] = _NOT_FINITE
    if column in REQUIRED:
        problems[np.isnan(values)] = _MISSING
    problems[garbled] = _NOT_A_NUMBER
    problems[ambiguous] = _AMBIGUOUS
    return values, problems


def _label_problems(labels: NDArray[np.int8]) -> NDArray[np.int8]:
    problems = np.zeros(len(labels), np.int8)
    problems[labels == NO_LABEL] = _UNKNOWN_LABEL
    problems[labels == MISSING_LABEL] = _MISSING
    return problems
