"""Lines to records: a delimited text file, split within bounded memory, with true line numbers."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from backend.transit.catalog.delimited.lines import (
    BLOCK_BYTES,
    MAX_RECORD_BYTES,
    DelimitedError,
    Lines,
)

DELIMITERS = ",;\t|"

MAX_FIELDS = 1_000
MAX_RECORD_LINES = 50
# An unclosed quote costs a look at the next 50 lines; a file of nothing else would take hours.
MAX_UNCLOSED_QUOTES = 100
BATCH_RECORDS = 4_096

# A quoted field after its opening quote; the group is empty when no quote closes it. Possessive, so
# that no line makes the matching go back over it.
_INSIDE_QUOTES = r'(?:[^"]++|"")*+("?)'
# Every field either without a quote or in a pair of them; not a quoted comment.
_SIMPLE_LINE = r'(?!"#)(?:"[^"]*+"|[^"{0}]*+)(?:{0}(?:"[^"]*+"|[^"{0}]*+))*+'
# What a spreadsheet shows in place of a value: ###, #N/A, #NV, #DIV/0!, #WERT!
_HASHED_CELL = re.compile(r'"?#(?:#++|N/[A-Z]++|NV|[A-Z]++(?:/0)?[!?])"?[,;\t|]')
# What a comma between groups of digits makes of a number: 6,161.24.
_FIRST_GROUP, _OTHER_GROUP = (
    re.compile(r"[+-]?[1-9][0-9]{0,2}"),
    re.compile(r"[0-9]{3}(?:[.][0-9]*)?"),
)
_REST_OF_QUOTED = re.compile(_INSIDE_QUOTES)


class Batch(NamedTuple):
    """Some consecutive records.

    `records` holds the fields, `lines` the 1-based line at which each record starts, and
    `unclosed` the positions in `records` of lines whose quote never closes (kept as one field).
    """

    records: list[list[str]]
    lines: list[int]
    unclosed: list[int]


def read_batches(lines: Lines, delimiter: str) -> Iterator[Batch]:
    """Split the remaining lines into records, a few thousand at a time.

    Blank lines and lines that start with `#` are passed over. A quoted field may hold line ends.

    Args:
        lines: the file, after its header.
        delimiter: one character.

    Raises:
        DelimitedError: for a record that is too long or has too many fields.
    """
    one_by_one = _records(lines, delimiter)
    simple = re.compile(_SIMPLE_LINE.format(re.escape(delimiter)))
    while ahead := lines.ahead(BATCH_RECORDS):
        batch = _split_together(ahead, lines.number + 1, delimiter, simple)
        if batch is None:
            batch = _split_one_by_one(one_by_one, delimiter)
        else:
            lines.skip(len(ahead))
        if batch.records:
            _check_widths(batch)
            yield batch


def first_record(lines: Lines) -> str:
    """The text of the first record that is neither blank nor a comment; "" when there is none."""
    for _, text, is_closed in _records(lines, DELIMITERS):
        if not is_closed:
            raise DelimitedError(
                f"The header (line {lines.number}) opens a quote that is never closed."
            )
        return text
    return ""


def split_record(text: str, delimiter: str) -> list[str]:
    """The fields of one record; split by a delimiter not its own, perhaps only a line of it."""
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])


def looks_split(record: list[str]) -> bool:
    """Whether two of its cells may be the groups of one number."""
    return any(
        _FIRST_GROUP.fullmatch(a.strip()) and _OTHER_GROUP.fullmatch(b.strip())
        for a, b in pairwise(record)
    )


def _split_together(
    lines: list[str], first: int, delimiter: str, simple: re.Pattern[str]
) -> Batch | None:
    """Split lines of which each is one record, several times faster; None if some are not."""
    kept = [line for line in lines if not is_passed_over(line)]
    if '"' not in "".join(kept):
        records = [line.split(delimiter) for line in kept]
    elif all(map(simple.fullmatch, kept)):
        records = list(csv.reader(kept, delimiter=delimiter))
    else:
        return None
    if len(kept) == len(lines):
        return Batch(records, list(range(first, first + len(lines))), [])
    return Batch(records, [first + i for i, x in enumerate(lines) if not is_passed_over(x)], [])


def _split_one_by_one(records: Iterator[tuple[int, str, bool]], delimiter: str) -> Batch:
    batch = Batch([], [], [])
    size = 0
    for number, text, is_closed in records:
        if not is_closed:
            batch.unclosed.append(len(batch.records))
        batch.records.append(split_record(text, delimiter) if is_closed else [text])
        batch.lines.append(number)
        size += len(text)
        if len(batch.records) >= BATCH_RECORDS or size >= BLOCK_BYTES:
            break
    return batch


def _check_widths(batch: Batch) -> None:
    for number, record in zip(batch.lines, batch.records, strict=True):
        if len(record) > MAX_FIELDS:
            raise DelimitedError(
                f"Line {number} has {len(record):,} fields; at most {MAX_FIELDS:,} are allowed. "
                "Expected a table with one candidate per line."
            )


def is_passed_over(line: str) -> bool:
    """Whether a line is blank or a comment; what a spreadsheet shows for an error is neither."""
    if not line or line.isspace():
        return True
    return line[0] == "#" and _HASHED_CELL.match(line) is None


def _records(lines: Lines, delimiters: str) -> Iterator[tuple[int, str, bool]]:
    """Line number, text and whether its quotes close, of each record."""
    opening = re.compile(rf'(?:^|[{re.escape(delimiters)}])"{_INSIDE_QUOTES}')
    failures = 0
    for line in lines:
        if is_passed_over(line):
            continue
        number = lines.number
        if '"' not in line:
            yield number, line, True
            continue
        text = _join_quoted(line, lines, opening)
        if text is None:
            failures += 1
            if failures > MAX_UNCLOSED_QUOTES:
                raise DelimitedError(
                    f"More than {MAX_UNCLOSED_QUOTES} lines open a quote that is never closed; "
                    f"the last is line {number}."
                )
            yield number, line, False
        elif not text.startswith('"#') or _HASHED_CELL.match(text):  # no quoted comment
            yield number, text, True


def _join_quoted(line: str, lines: Lines, opening: re.Pattern[str]) -> str | None:
    """The whole record that starts with `line`, or None (and nothing read) if no quote ends it."""
    record = [line]
    size = len(line)
    is_open = _ends_inside_quotes(line, False, opening)
    while is_open:
        following = next(lines, None)
        if following is not None:
            record.append(following)
            size += len(following) + 1
        if following is None or len(record) > MAX_RECORD_LINES or size > MAX_RECORD_BYTES:
            lines.push_back(record[1:])
            return None
        is_open = _ends_inside_quotes(following, True, opening)
    return "\n".join(record)


def _ends_inside_quotes(line: str, starts_inside: bool, opening: re.Pattern[str]) -> bool:
    """Whether a quoted field is still open at the line's end, by the rules of `csv`."""
    start = 0
    if starts_inside:
        quoted = _REST_OF_QUOTED.match(line)
        if quoted is None or not quoted.group(1):
            return True
        start = quoted.end()
    quoted_fields = deque(opening.finditer(line, start), maxlen=1)
    return bool(quoted_fields) and not quoted_fields[0].group(1)
