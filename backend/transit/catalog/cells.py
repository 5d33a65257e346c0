"""Cells to values: one column's text, thousands of rows at once, as numbers, labels, stars."""

import hashlib
import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.column_names import LABEL_WORDS, MISSING_WORDS
from backend.transit.columns import NO_LABEL, ROW_DTYPE

MISSING_LABEL = -2
SHOWN_CHARACTERS = 40

_NONE = np.array([], dtype=np.intp)
_STAR_BYTES = ROW_DTYPE["star"].itemsize
_WHOLE_NUMBER = re.compile(r"\d+\.0*")


def read_numbers(
    cells: Sequence[str], decimal_comma: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Read one column's numbers.

    Args:
        cells: the text, (n,).
        decimal_comma: whether "9,48" means 9.48, as spreadsheets write it beside semicolons.

    Returns:
        float64, (n,), NaN where there is no number; and the positions of the cells that hold
        neither a number nor a word for "missing".
    """
    try:
        # Python reads 1_000 as a thousand; a catalogue that holds it is damaged.
        if "_" not in "".join(cells):
            return np.array([float(cell) if cell else math.nan for cell in cells]), _NONE
    except ValueError:
        pass
    values = np.full(len(cells), math.nan)
    garbled = []
    for i, cell in enumerate(cells):
        text = cell.strip()
        if decimal_comma and "." not in text:
            text = text.replace(",", ".", 1)
        try:
            values[i] = float(text.replace("_", "?"))
        except ValueError:
            if text.lower() not in MISSING_WORDS:
                garbled.append(i)
    return values, np.array(garbled, dtype=np.intp)


def read_labels(cells: Sequence[str]) -> NDArray[np.int8]:
    """int8, (n,): the label's code, NO_LABEL for an unknown word, MISSING_LABEL for none."""
    known = {cell: _label(cell) for cell in set(cells)}
    return np.array([known[cell] for cell in cells], dtype=np.int8)


def read_stars(cells: Sequence[str]) -> NDArray[np.bytes_]:
    """Star identifiers as UTF-8, S48, (n,), b"" where there is none.

    "10797460.0", as a spreadsheet writes a number, is the star "10797460". An identifier that is
    too long for the row is replaced by its hash, so that its rows still go together.
    """
    together = "".join(cells)
    is_plain = together.isdecimal() and together.isascii()
    if not is_plain or max(map(len, cells)) > _STAR_BYTES:
        cells = [_star(cell) for cell in cells]  # type: ignore[misc]
    return np.array(cells, dtype=ROW_DTYPE["star"])


def shown(cell: str) -> str:
    """The cell for a message: quoted, without line ends, not too long."""
    text = cell.strip()
    if not text:
        return "an empty cell"
    if len(text) > SHOWN_CHARACTERS:
        text = text[:SHOWN_CHARACTERS] + "…"
    return repr(text)


def _label(cell: str) -> int:
    word = " ".join(cell.replace("_", " ").lower().split())
    if word in MISSING_WORDS:
        return MISSING_LABEL
    return LABEL_WORDS.get(word, NO_LABEL)


def _star(cell: str) -> bytes:
    text = cell.strip()
    if text.lower() in MISSING_WORDS:
        return b""
    if _WHOLE_NUMBER.fullmatch(text) and text.isascii():
        text = text.partition(".")[0]
    star = text.encode()
    if len(star) > _STAR_BYTES:
        return b"sha256:" + hashlib.sha256(star).hexdigest()[: _STAR_BYTES - 7].encode()
    return star
