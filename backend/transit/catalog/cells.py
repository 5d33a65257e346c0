"""Cells to values: one column's text, thousands of rows at once, as labels and stars."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.names.column_names import LABEL_WORDS, MISSING_WORDS
from backend.transit.columns import NO_LABEL, ROW_DTYPE

MISSING_LABEL = -2
SHOWN_CHARACTERS = 40

_STAR_BYTES = ROW_DTYPE["star"].itemsize
# A number of a survey's catalogue, with or without the survey's name: "TIC 0010", "10.0".
# "12.000" may be twelve thousand.
_NUMBERED = re.compile(r"(?:(?:TIC|KIC|EPIC)[ _:#-]*)?([0-9]++)(?:[.,](?!000$)0*)?", re.IGNORECASE)
# What a spreadsheet makes of a long number: most digits are lost.
_ROUNDED = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+|#+")


def read_labels(cells: Iterable[str], said: Mapping[str, int] | None = None) -> NDArray[np.int8]:
    """int8, (n,): the label's code, NO_LABEL for an unknown word, MISSING_LABEL for none.

    Args:
        cells: the text, (n,).
        said: codes of words, as `label_word` has them, that come before the known ones.
    """
    cells = list(cells)
    known = {cell: _label(cell, said or {}) for cell in set(cells)}
    return np.array([known[cell] for cell in cells], dtype=np.int8)


def read_stars(cells: Sequence[str]) -> tuple[NDArray[np.bytes_], NDArray[np.intp]]:
    """Read star identifiers.

    "TIC 10797460", "0010797460" and "10797460.0", as a spreadsheet writes a number, are the star
    "10797460". An identifier that is too long for the row is replaced by its hash, so that its rows
    still go together.

    Returns:
        UTF-8, S48, (n,), b"" where there is none; and the positions of the cells that a
        spreadsheet has rounded, which are none.
    """
    together = "".join(cells)
    if together.isascii() and together.isdecimal():
        plain = read_plain_stars(np.array(cells, dtype=np.bytes_))
        if plain is not None:
            return plain, np.array([], dtype=np.intp)
    is_rounded = [_ROUNDED.fullmatch(cell.strip()) is not None for cell in cells]
    stars = [b"" if lost else _star(cell) for cell, lost in zip(cells, is_rounded, strict=True)]
    return np.array(stars, dtype=ROW_DTYPE["star"]), np.flatnonzero(is_rounded)


def read_plain_stars(cells: NDArray[np.bytes_]) -> NDArray[np.bytes_] | None:
    """What `read_stars` makes of cells of digits alone, several times faster.

    Args:
        cells: the text in UTF-8, (n,).

    Returns:
        S48, (n,); None if one of the cells is anything else, or begins with a zero.
    """
    width = cells.dtype.itemsize
    signs = np.ascontiguousarray(cells).view(np.uint8).reshape(len(cells), width)
    is_digit = (signs - np.uint8(ord("0"))) < 10  # below "0" it is more than 9 too
    if (
        width > _STAR_BYTES
        or (signs[:, 0] == ord("0")).any()
        or not (is_digit | (signs == 0)).all()
    ):
        return None
    return cells.astype(ROW_DTYPE["star"])


def shown(cell: str) -> str:
    """The cell for a message: quoted, without line ends, not too long."""
    text = cell.strip()
    if not text:
        return "an empty cell"
    if len(text) > SHOWN_CHARACTERS:
        text = text[:SHOWN_CHARACTERS] + "…"
    return repr(text)


def label_word(cell: str) -> str:
    """A word as labels are compared: "False-Positive" and "false positive" are one."""
    # "1,0" is "1.0", which is 1; but "-1" is no label.
    text = re.sub(r"_|(?<=[a-z])-", " ", cell.strip().lower()).replace(",", ".")
    return re.sub(r"^([0-9]+)[.]0$", r"\1", " ".join(text.split()))


def _label(cell: str, said: Mapping[str, int]) -> int:
    word = label_word(cell)
    if word in said:
        return said[word]
    if cell.strip().lower() in MISSING_WORDS or word == "unk":  # "unknown", of a TCE
        return MISSING_LABEL
    return LABEL_WORDS.get(word, NO_LABEL)


def _star(cell: str) -> bytes:
    text = cell.strip()
    if text.lower() in MISSING_WORDS:
        return b""
    if numbered := _NUMBERED.fullmatch(text):
        text = numbered[1].lstrip("0") or "0"
    star = text.encode()
    if len(star) > _STAR_BYTES:
        return b"sha256:" + hashlib.sha256(star).hexdigest()[: _STAR_BYTES - 7].encode()
    return star
