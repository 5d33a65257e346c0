"""Which decimal sign each column of a table has: told by its own numbers, else by the others'."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from backend.transit.catalog.delimited.lines import BLOCK_BYTES, Lines
from backend.transit.catalog.delimited.records import read_batches
from backend.transit.catalog.names.column_names import MISSING_WORDS
from backend.transit.catalog.numbers import DecimalSign, doubtful, proofs, proves

_BOTH = {DecimalSign.DOT, DecimalSign.COMMA}

# A number with a comma stands in quotes between commas.
_QUOTED_COMMA = re.compile(rb'"[^",\n]*[0-9],[0-9]|(?:\A|[,\r\n])"[-+]?,[0-9]')
# Digits that a spreadsheet has grouped anew, 21.967.461 for 21.967461: 219.674 is none either.
_TWO_DOTS = re.compile(rb'[.][0-9]{3}[.][0-9]{3}[.,"\r\n]')
_LONGEST_NUMBER = 64

# How many numbers must have a column's decimal sign beyond doubt, where another column contradicts
# it, as a share of those that mean another thing with the other sign. A single cell may be a slip.
_LEAST_SHARE = 0.1

# Put behind the opening quote of a field, it tells later that the field was quoted.
_MARK = "\x01"
_OPENING_QUOTE = re.compile(r'(^|,)"(?!")', re.MULTILINE)


class DecimalSigns(NamedTuple):
    """The decimal sign of each column of numbers, by its name; `others` have it by position.

    `quoted` are the columns of a table between commas whose numbers would be others without their
    quotes.
    """

    by_column: dict[str, DecimalSign]
    quoted: frozenset[str]
    others: dict[int, DecimalSign]


def decimal_signs(
    stream: BinaryIO,
    delimiter: str,
    header_line: int,
    fields: Mapping[str, int],
    width: int,
    others: Collection[int] = (),
) -> DecimalSigns:
    """Look through a whole table for what its numbers prove.

    A column's own numbers come first; if they contradict each other, it is UNKNOWN, and also if
    another column contradicts the few that prove. A column without proof has the sign that all
    others have, else it is UNKNOWN. Between commas, a number without quotes needs no proof: its dot
    is decimal.

    Args:
        stream: the file; read from its beginning, and left at any place.
        delimiter: what separates the fields.
        header_line: the 1-based number of the header's last line.
        fields: the positions of the columns that hold numbers.
        width: the header's number of fields.
        others: the positions of columns of numbers that prove nothing for these.

    Raises:
        DelimitedError: the file turns out not to be a table.
    """
    is_comma_separated = delimiter == ","
    stream.seek(0)
    if is_comma_separated and not _needs_a_close_look(stream):
        dots = dict.fromkeys(fields, DecimalSign.DOT)
        return DecimalSigns(dots, frozenset(), dict.fromkeys(others, DecimalSign.DOT))
    places: dict[str | int, int] = {name: i for name, i in fields.items()}  # noqa: C416 - wider keys
    places |= {i: i for i in others}
    found = {key: _Proofs() for key in places}
    last = max(fields.values())
    last_of_all = max(places.values())

    def cells_of(keys: Iterable[str | int], *, marks: bool) -> Iterator[tuple[_Proofs, list[str]]]:
        stream.seek(0)
        for records in _records(stream, delimiter, header_line, last, width, marks=marks):
            # The nine may be whole in a record that ends before the others.
            longer = [record for record in records if len(record) > last_of_all]
            for key in keys:
                i = places[key]
                of = records if key in fields else longer
                yield found[key], [record[i] for record in of]

    for proofs_of, cells in cells_of(places, marks=is_comma_separated):
        proofs_of.look_at(cells, has_marks=is_comma_separated)
    own = {sign for name in fields for sign in found[name].proven}
    is_other_contradicted = any(not found[i].proven <= own for i in others)
    if len(own) > 1 or is_other_contradicted:
        for proofs_of, cells in cells_of(places if len(own) > 1 else others, marks=False):
            proofs_of.weigh(cells)
    common = next(iter(own)) if len(own) == 1 else DecimalSign.UNKNOWN
    signs = {key: each.sign(common) for key, each in found.items()}
    quoted = {
        name
        for name in fields
        if is_comma_separated
        and signs[name] is not DecimalSign.DOT
        and not found[name].has_plain_dot
    }
    return DecimalSigns(
        {name: signs[name] for name in fields}, frozenset(quoted), {i: signs[i] for i in others}
    )


class _Proofs:
    """What the cells of one column prove."""

    def __init__(self) -> None:
        self._own: set[DecimalSign] = set()
        self.has_plain_dot = False
        self._proofs = self._doubtful = 0

    @property
    def proven(self) -> set[DecimalSign]:
        """By its own cells; a dot that needs no proof is one."""
        return self._own | ({DecimalSign.DOT} if self.has_plain_dot else set())

    def look_at(self, cells: Sequence[str], *, has_marks: bool) -> None:
        """Look at some more cells; with `has_marks`, those that were quoted are marked."""
        if has_marks:
            plain = (cell for cell in cells if not cell.startswith(_MARK))
            self.has_plain_dot = self.has_plain_dot or any(map(_has_dot, plain))
            cells = [cell.removeprefix(_MARK) for cell in cells]
        self._own |= {sign for sign in _BOTH - self._own if proves(sign, cells)}

    def weigh(self, cells: Sequence[str]) -> None:
        """Count the proofs of some more cells, where another column contradicts them."""
        if len(self.proven) == 1 and not self.has_plain_dot:
            self._proofs += proofs(next(iter(self._own)), cells)
            self._doubtful += doubtful(cells)

    def sign(self, common: DecimalSign) -> DecimalSign:
        """The column's, where `common` is that of the other columns."""
        if len(self.proven) == 1 and self._proofs >= _LEAST_SHARE * self._doubtful:
            return next(iter(self.proven))
        return DecimalSign.UNKNOWN if self.proven else common


def _has_dot(cell: str) -> bool:
    return "." in cell and cell.strip().lower() not in MISSING_WORDS


def _needs_a_close_look(stream: BinaryIO) -> bool:
    """Whether numbers between commas may be others than they seem."""
    end = b""  # of the block before, which may hold an opening quote
    while block := stream.read(BLOCK_BYTES):
        text = end + block
        if _TWO_DOTS.search(text) or (b'"' in block and _QUOTED_COMMA.search(text)):
            return True
        end = block[-_LONGEST_NUMBER:]
    return False


def _records(
    stream: BinaryIO, delimiter: str, header_line: int, last: int, width: int, *, marks: bool
) -> Iterator[list[list[str]]]:
    """The whole records behind the header, some thousand at a time."""
    lines = Lines(stream, _mark_quoted if marks else None)
    while lines.number < header_line:
        next(lines)
    for batch in read_batches(lines, delimiter):
        yield [record for record in batch.records if _is_whole(record, last, width)]


def _is_whole(record: list[str], last: int, width: int) -> bool:
    """Whether a record has all of the columns looked at, and nothing behind the header's."""
    if len(record) > width:
        return not "".join(record[width:]).strip(f"{_MARK} \t")
    return len(record) > last


def _mark_quoted(text: str) -> str:
    return _OPENING_QUOTE.sub(rf'\1"{_MARK}', text) if '"' in text else text
