"""Numbers as people write them: which decimal sign, and which marks between groups of digits.

A dot or a comma before exactly three digits may be either: `6.161` is 6.161 or 6161. Every other
number tells by its form which of the two is its decimal sign, and so what the other one is.
"""

import math
import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.names.column_names import MISSING_WORDS


class DecimalSign(Enum):
    """What stands between a column's units and tenths.

    UNKNOWN: nothing in the table tells, or its numbers contradict each other.
    """

    DOT = "."
    COMMA = ","
    UNKNOWN = "?"


class Numbers(NamedTuple):
    """One column's numbers.

    `values` is float64, (n,), NaN where there is no number; `garbled` are the positions of the
    cells that hold neither a number nor a word for "missing", and `ambiguous` those of the numbers
    that mean one thing with a decimal dot and another with a decimal comma.
    """

    values: NDArray[np.float64]
    garbled: NDArray[np.intp]
    ambiguous: NDArray[np.intp]


# They only ever stand between groups: blanks of several widths, and the Swiss apostrophe, which is
# 92 hexadecimal in the code page of Windows.
_BLANKS = " \u00a0\u2007\u2009\u202f'\u2019\x92"
_BLANK = f"[{_BLANKS}]"
_MINUS = "\N{MINUS SIGN}"  # that of a spreadsheet in Swedish
_SIGN = f"[+{_MINUS}-]?"
_FIRST_GROUP = r"[1-9][0-9]{0,2}"
_OTHER = {DecimalSign.DOT: DecimalSign.COMMA, DecimalSign.COMMA: DecimalSign.DOT}


# A program wrote it where nothing was measured, with its own sign: -999.0 among 9,05.
_STANDS_FOR_A_GAP = rf"{_SIGN}(?:0+|1|9{{2,4}})[.,]0*[ \t]*$"


def _proof(sign: DecimalSign) -> str:
    """A number that can only be read with this decimal sign."""
    decimal, group = re.escape(sign.value), re.escape(_OTHER[sign].value)
    forms = (
        rf"(?:[0-9]{{4,}}|0[0-9]*){decimal}[0-9]*",  # 6161.240, 0.689: no first group
        rf"{decimal}[0-9]+",
        rf"[0-9]{{1,3}}{decimal}(?:[0-9]{{0,2}}|[0-9]{{4,}})",  # 6.16: no second group
        rf"[0-9]+{decimal}[0-9]*[eE]{_SIGN}[0-9]+",
        rf"{_FIRST_GROUP}(?:(?:{group}[0-9]{{3}})+|(?:{_BLANK}[0-9]{{3}})+){decimal}[0-9]*",
        rf"{_FIRST_GROUP}(?:{group}[0-9]{{3}}){{2,}}",  # what stands twice is not decimal
    )
    return f"{_SIGN}(?:{'|'.join(forms)})"


def _grouped(sign: DecimalSign) -> str:
    """A number with marks between its groups of three digits, the same one everywhere."""
    decimal, group = re.escape(sign.value), re.escape(_OTHER[sign].value)
    return (
        rf"{_SIGN}{_FIRST_GROUP}(?:(?:{group}[0-9]{{3}})+|(?:({_BLANK})[0-9]{{3}}(?:\1[0-9]{{3}})*))"
        rf"(?:{decimal}[0-9]*)?"
    )


_PROOFS = {sign: re.compile(_proof(sign)) for sign in _OTHER}
# In the cells of a column that are joined by line ends.
_PROOFS_IN_LINES = {
    sign: re.compile(rf"^[ \t]*(?!{_STANDS_FOR_A_GAP}){_proof(sign)}[ \t]*$", re.MULTILINE)
    for sign in _OTHER
}
_GROUPED = {sign: re.compile(_grouped(sign)) for sign in _OTHER}
_MARKS = {sign: str.maketrans("", "", f"{_OTHER[sign].value}{_BLANKS}") for sign in _OTHER}
# A group of three digits or three decimals; or groups that only another number contradicts.
_EITHER = re.compile(
    rf"{_SIGN}{_FIRST_GROUP}(?:[.][0-9]{{3}})+|{_SIGN}{_FIRST_GROUP}(?:,[0-9]{{3}})+"
)
# What proves a decimal sign that does not occur itself: the other one stands twice in a number.
_OTHER_TWICE = {
    sign: re.compile(rf"{re.escape(other.value)}[0-9]{{3}}{re.escape(other.value)}[0-9]{{3}}")
    for sign, other in _OTHER.items()
}
_DOUBTFUL_IN_LINES = re.compile(rf"^[ \t]*{_SIGN}{_FIRST_GROUP}[.,][0-9]{{3}}[ \t]*$", re.MULTILINE)


def proves(sign: DecimalSign, cells: Sequence[str]) -> bool:
    """Whether one of these cells can only be read with this decimal sign."""
    text = "\n".join(cells)
    if sign.value not in text and _OTHER_TWICE[sign].search(text) is None:
        return False
    return _PROOFS_IN_LINES[sign].search(text) is not None


def proofs(sign: DecimalSign, cells: Sequence[str]) -> int:
    """How many of these cells can only be read with this decimal sign, and have it."""
    found = _PROOFS_IN_LINES[sign].finditer("\n".join(cells))
    return sum(sign.value in number[0] for number in found)


def doubtful(cells: Sequence[str]) -> int:
    """How many of these cells mean one thing with a decimal dot and another with a comma."""
    return sum(1 for _ in _DOUBTFUL_IN_LINES.finditer("\n".join(cells)))


def read_numbers(cells: Sequence[str], sign: DecimalSign = DecimalSign.DOT) -> Numbers:
    """Read one column's numbers.

    Args:
        cells: the text, (n,).
        sign: the column's; what only another one explains is garbled. With UNKNOWN, a cell that
            tells its own sign is read with it.
    """
    values = _read_plain(cells, sign)
    none = np.array([], dtype=np.intp)
    if values is not None:
        return Numbers(values, none, none)
    values = np.full(len(cells), math.nan)
    garbled, ambiguous = [], []
    for i, cell in enumerate(cells):
        text = cell.strip()
        if text.lower() in MISSING_WORDS:
            continue
        of_cell = _sign_of(text) if sign is DecimalSign.UNKNOWN else sign
        if of_cell is DecimalSign.UNKNOWN:
            ambiguous.append(i)
            continue
        try:
            values[i] = _read(text, of_cell)
        except ValueError:
            garbled.append(i)
    return Numbers(values, np.array(garbled, dtype=np.intp), np.array(ambiguous, dtype=np.intp))


def _read_plain(cells: Sequence[str], sign: DecimalSign) -> NDArray[np.float64] | None:
    """All of them at once, many times faster; None where one is not plain."""
    text = "".join(cells)
    # Python reads 1_000 as a thousand; a catalogue that holds it is damaged.
    if "_" in text or (sign is not DecimalSign.DOT and "." in text):
        return None
    if "," in text:
        if sign is not DecimalSign.COMMA:
            return None
        cells = [cell.replace(",", ".") for cell in cells]
    try:
        return np.array([float(cell) if cell else math.nan for cell in cells])
    except ValueError:
        return None


def _sign_of(text: str) -> DecimalSign:
    """The sign that a number proves by itself; UNKNOWN if it may be either."""
    if _EITHER.fullmatch(text):
        return DecimalSign.UNKNOWN
    is_comma = _PROOFS[DecimalSign.COMMA].fullmatch(text)
    return DecimalSign.COMMA if is_comma else DecimalSign.DOT


def _read(text: str, sign: DecimalSign) -> float:
    """The number.

    Raises:
        ValueError: it is none.
    """
    if _GROUPED[sign].fullmatch(text):
        text = text.translate(_MARKS[sign])
    if sign is DecimalSign.COMMA:
        text = text.replace(".", "?").replace(",", ".")
    return float(text.replace("_", "?").replace(_MINUS, "-"))
