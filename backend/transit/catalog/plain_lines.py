"""Many lines to columns at once, where each of them is plain: no quotes, no gaps, no odd numbers.

Several times faster than cell by cell, with the same values. Whatever is not plain is left to the
reading cell by cell, which knows what is meant or wrong.
"""

import io
import sys
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from importlib.abc import MetaPathFinder
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.cells import read_labels, read_plain_stars, read_stars
from backend.transit.catalog.evidence.names import NO_EVIDENCE, EvidenceColumns
from backend.transit.catalog.evidence.values import EvidenceCells, read_plain_names
from backend.transit.catalog.header import Header
from backend.transit.catalog.numbers import DecimalSign, Numbers
from backend.transit.catalog.rows import ReadColumns
from backend.transit.columns import COLUMNS

_NOWHERE = np.array([], dtype=np.intp)


class PlainLines(NamedTuple):
    """How the lines of one table are read.

    `delimiter` separates the fields; `width` is their number; `fields` gives the position of each
    column of ours; `decimal` is the sign of all numbers; `labels` are codes that a person said;
    `evidence` are the columns that are read besides.
    """

    delimiter: str
    width: int
    fields: Mapping[str, int]
    decimal: str
    labels: Mapping[str, int]
    evidence: EvidenceColumns

    def read(
        self, lines: list[str]
    ) -> tuple[ReadColumns, Counter[str], EvidenceCells | None] | None:
        """Read some lines.

        Returns:
            the columns; how often each word of the column of labels comes, in the order in which
            they come first; and what is read besides, if anything is. None if one of the lines is
            not plain.
        """
        text = "\n".join(lines)
        if '"' in text or text.startswith("#") or "\n#" in text:
            return None
        content = text.encode()
        widths = self._widths(content, len(lines))
        if widths is None:
            return None
        table = self._parse(content, widths)
        if table is None:
            return None
        numbers = {
            name: _numbers(table, self.fields[name]) for name in COLUMNS if name in self.fields
        }
        labels, words = self._labels(table) if "label" in self.fields else (None, Counter())
        stars, lost = self._stars(table) if "star" in self.fields else (None, 0)
        columns = ReadColumns(list(self.fields), numbers, labels, stars, lost)
        return columns, words, self._evidence(table)

    def _evidence(self, table: Any) -> EvidenceCells | None:
        if not self.evidence:
            return None
        numbers = {i: _numbers(table, i) for i in self.evidence.positions}
        parts = [table[i].to_numpy() for i in self.evidence.names]
        names = read_plain_names(parts) if parts else None
        kinds = None
        if "kind" in self.evidence.teaching:
            kinds = [cell.decode() for cell in table[self.evidence.teaching["kind"]].tolist()]
        return EvidenceCells(numbers, {}, names, {}, kinds)

    def _widths(self, content: bytes, lines: int) -> dict[int, int] | None:
        """The most bytes of a cell of each column of text, by its position.

        None if a line does not have as many fields as the header.
        """
        signs = np.frombuffer(content, np.uint8)
        delimiters = np.flatnonzero(signs == ord(self.delimiter))
        if len(delimiters) != lines * (self.width - 1):
            return None
        ends = np.append(np.flatnonzero(signs == ord("\n")), len(content))
        by_line = delimiters.reshape(lines, self.width - 1)
        if (by_line[1:, 0] < ends[:-1]).any() or (by_line[:, -1] > ends).any():
            return None

        def widest(field: int) -> int:
            start = by_line[:, field - 1] if field else np.append(-1, ends[:-1])
            end = by_line[:, field] if field < self.width - 1 else ends
            return int((end - start).max()) - 1

        texts = {i for name, i in self.fields.items() if name not in COLUMNS}
        return {i: widest(i) for i in sorted(texts.union(self.evidence.texts))}

    def _parse(self, content: bytes, widths: Mapping[int, int]) -> Any:
        """A data frame by position, its text as bytes.

        None if a cell of a column of numbers holds none.
        """
        pd = _import_pandas()
        kinds: dict[int, Any] = {i: f"S{max(width, 1)}" for i, width in widths.items()}
        numbers = [i for name, i in self.fields.items() if name in COLUMNS]
        kinds |= dict.fromkeys([*numbers, *self.evidence.positions], np.float64)
        try:
            return pd.read_csv(
                io.BytesIO(content),
                sep=self.delimiter,
                header=None,
                names=range(self.width),
                usecols=list(kinds),
                dtype=kinds,
                decimal=self.decimal,
                keep_default_na=False,
                na_values={i: [""] for i, kind in kinds.items() if kind is np.float64},
                quoting=3,
                skip_blank_lines=False,
                **_exact(pd.__version__),
            )
        except (ValueError, OverflowError):
            return None

    def _labels(self, table: Any) -> tuple[NDArray[np.int8], Counter[str]]:
        words, first, inverse, counts = np.unique(
            table[self.fields["label"]].to_numpy(),
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        texts = [word.decode() for word in words.tolist()]
        in_order = np.argsort(first).tolist()
        codes = read_labels(texts, self.labels)
        return codes[inverse], Counter({texts[i]: int(counts[i]) for i in in_order})

    def _stars(self, table: Any) -> tuple[NDArray[np.bytes_], int]:
        cells = table[self.fields["star"]].to_numpy()
        plain = read_plain_stars(cells)
        if plain is not None:
            return plain, 0
        stars, lost = read_stars([cell.decode() for cell in cells.tolist()])
        return stars, len(lost)


def plain_lines(
    header: Header,
    signs: Mapping[str, DecimalSign],
    labels: Mapping[str, int],
    evidence: EvidenceColumns = NO_EVIDENCE,
    evidence_signs: Collection[DecimalSign] = (),
) -> PlainLines | None:
    """How the plain lines of a table are read at once; None if they have to be read cell by cell.

    Args:
        header: the table's.
        signs: the decimal sign of each column of numbers.
        labels: codes of words that a person said.
        evidence: the columns that are read besides.
        evidence_signs: the decimal signs of those that hold numbers.
    """
    found = {*signs.values(), *evidence_signs}
    if len(found) != 1 or DecimalSign.UNKNOWN in found:
        return None
    if header.limits or evidence.limits or header.default_flag is not None:
        return None
    decimal = next(iter(found)).value
    if decimal == header.delimiter or len(set(header.fields.values())) < len(header.fields):
        return None
    width = len(header.names)
    return PlainLines(header.delimiter, width, header.fields, decimal, labels, evidence)


def _numbers(table: Any, position: int) -> Numbers:
    return Numbers(table[position].to_numpy(), _NOWHERE, _NOWHERE)


def _import_pandas() -> Any:
    """pandas, which a server that reads small tables alone does not need.

    It maps pyarrow where that is installed, 36 MB, and reads no CSV by it. So this thread finds
    none while it imports pandas; other threads, and whoever imports it afterwards, do.
    """
    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    try:
        import pandas

        return pandas
    finally:
        sys.meta_path.remove(hidden)


class _Hidden(MetaPathFinder):
    """Makes pyarrow missing for the thread that made this."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: Any, target: Any = None) -> None:
        if name == "pyarrow" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is hidden from pandas", name=name)


def _exact(version: str) -> dict[str, Any]:
    """What makes pandas read the number that is nearest to the text, as Python does."""
    is_default = tuple(int(part) for part in version.split(".")[:2]) >= (3, 1)
    return {} if is_default else {"float_precision": "round_trip"}
