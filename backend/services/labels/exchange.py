"""The layer of labels as CSV: out of the server, and what somebody brings into it."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from backend.database.connection import Record
from backend.errors import Invalid, TooLarge
from backend.services.context import Services
from backend.services.labels.layer import EXCLUDE
from backend.services.predictions.cells import harmless, harmless_record, quoted
from backend.transit.columns import LABELS, NO_LABEL

COLUMNS = (
    *("line", "row", "name", "star", "file_label", "label", "decided_by"),
    *("votes", "who", "when", "reason", "comment"),
)

MOST_BYTES = 10_000_000
MOST_ROWS = 100_000

_BY = ("row", "line", "name", "star")
_BETWEEN = " | "
_MOST_ERRORS = 100
_MOST_DIGITS = 15

_CODES = {name: code for code, name in enumerate(LABELS)} | {EXCLUDE.upper(): NO_LABEL}
_CODES |= {str(code): code for code in range(len(LABELS))}


class Imported(NamedTuple):
    """What a file says.

    Attributes:
        changes: {row, label, reason, comment}, no row twice.
        unknown: its records whose row is not known, as {row (a line of the file), message}.
        undecided: how many records say nothing: nobody decided them, or they have no label.
    """

    changes: list[Record]
    unknown: list[Record]
    undecided: int


class _Rows:
    """The accepted rows of a dataset, found by what a file names them by."""

    def __init__(self, services: Services, dataset: Record) -> None:
        self._dataset = dataset
        table = np.load(services.tables.table(dataset), mmap_mode="r")
        evidence = services.tables.evidence(dataset)
        self._values: dict[str, np.ndarray] = {"line": table["line"], "star": table["star"]}
        if evidence is not None:
            self._values["name"] = np.load(evidence, mmap_mode="r")["name"]
        self._places: dict[str, dict[Any, int]] = {}
        self._several: dict[str, set[Any]] = {}

    def find(self, cells: dict[str, str]) -> int | str:
        """The row of a record, or why there is none."""
        found: dict[str, int] = {}
        for by in _BY:
            text = cells.get(by, "").strip()
            # A star has several rows: it names one only where nothing else does.
            if not text or (by == "star" and found):
                continue
            place = self._find_by(by, text)
            if isinstance(place, str):
                return place
            found[by] = place
        if not found:
            return f"Expected a {', '.join(_BY[:-1])} or {_BY[-1]}, received none."
        if len(set(found.values())) > 1:
            said = " and ".join(f"{by} {cells[by].strip()!r}" for by in found)
            return f"Expected {' and '.join(found)} of one row, received {said}."
        return next(iter(found.values()))

    def _find_by(self, by: str, text: str) -> int | str:
        is_number = text.isascii() and text.isdecimal() and len(text) < _MOST_DIGITS
        if by in ("row", "line") and not is_number:
            return f"Expected a whole number as {by}, received {text[:60]!r}."
        if by == "row":
            is_there = int(text) < self._dataset["num_samples"]
            last = self._dataset["num_samples"] - 1
            return int(text) if is_there else f"Expected a row from 0 to {last}, received {text}."
        if by not in self._places:
            self._index(by)
        wanted = int(text) if by == "line" else text.encode()
        if wanted in self._several[by]:
            return f"Expected a {by} of one row, received {text[:60]!r}, which several have."
        if wanted not in self._places[by]:
            return f"Expected the {by} of an accepted row, received {text[:60]!r}."
        return self._places[by][wanted]

    def _index(self, by: str) -> None:
        values = self._values.get(by, np.empty(0, "S1")).tolist()
        counts = Counter(values)
        self._several[by] = {value for value, count in counts.items() if count > 1}
        self._places[by] = {value: place for place, value in enumerate(values)}


def as_csv(rows: Iterable[Record]) -> Iterator[str]:
    """The layer as CSV: a record for each row that somebody says something of.

    Args:
        rows: from `voting.described`.
    """
    yield _written(COLUMNS)
    for each in rows:
        said = each["votes"]
        cells = [
            *(str(each[name]) for name in ("line", "row")),
            *(each[name] or "" for name in COLUMNS[2:7]),
            str(len(said)),
            _BETWEEN.join(f"{vote['user']}: {vote['label'] or 'comment'}" for vote in said),
            *(_BETWEEN.join(vote[name] for vote in said) for name in ("at", "reason", "comment")),
        ]
        yield _written(harmless_record(cells))


def read_csv(services: Services, dataset: Record, content: bytes, most_text: int) -> Imported:
    """Read what a file says of labels; nothing is changed.

    Args:
        services: the server's.
        dataset: that it is of.
        content: of the file: an export of any dataset with the same rows, or a table with
            `label`, and `row`, `line`, `name` or `star`; `reason` and `comment` if it has them.
        most_text: characters of a reason or comment; more are cut off.

    Raises:
        Invalid: it is no such file, or a label in it is none, or a row stands twice.
        TooLarge: it is too long.
    """
    rows, changes, unknown, undecided = _Rows(services, dataset), [], [], 0
    seen: dict[int, int] = {}
    errors: list[Record] = []
    for line, cells in _records(content):
        label = cells.get("label", "").strip()
        if not label or cells.get("decided_by", "").strip() == "file":
            undecided += 1
            continue
        place = rows.find(cells)
        if isinstance(place, str):
            unknown.append({"row": line, "message": place})
        elif (code := _CODES.get(label.upper().replace("_", " "))) is None:
            expected = f"Expected 0, 1, 2, {', '.join(LABELS)} or {EXCLUDE}"
            message = f"{expected}, received {label[:60]!r}."
            errors.append({"row": line, "column": "label", "message": message})
        elif place in seen:
            message = f"Expected each row once, received that of line {seen[place]} again."
            errors.append({"row": line, "message": message})
        else:
            seen[place] = line
            reason = cells.get("reason", "").strip()[:most_text] or "Imported"
            comment = cells.get("comment", "").strip()[:most_text]
            changes.append({"row": place, "label": code, "reason": reason, "comment": comment})
    if errors:
        raise refused("The file cannot be imported", errors)
    return Imported(changes, unknown, undecided)


def refused(what: str, errors: Sequence[Record]) -> Invalid:
    """Why nothing of a file is imported, with its first lines that cannot be."""
    line, message = errors[0]["row"], errors[0]["message"]
    more = f" ({len(errors) - 1:,} more lines cannot either.)" if len(errors) > 1 else ""
    return Invalid(f"{what}: line {line}: {message}{more}", errors[:_MOST_ERRORS])


def _records(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """The records below the header, each with its line in the file."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"Expected a file of at most {MOST_BYTES:,} bytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid.field("file", "Expected CSV in UTF-8, received something else.") from error
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=header.count))
    try:
        names = [each.strip().lower() for each in next(reader, [])]
        _require_columns(names)
        for number, cells in enumerate(reader, 1):
            if number > MOST_ROWS:
                raise TooLarge(f"Expected at most {MOST_ROWS:,} rows.")
            if any(cells):
                yield reader.line_num, dict(zip(names, map(_plain, cells), strict=False))
    except csv.Error as error:
        line = reader.line_num
        raise Invalid.field("file", f"Line {line} cannot be read as CSV: {error}.") from error


def _require_columns(names: list[str]) -> None:
    if "label" in names and any(by in names for by in _BY):
        return
    shown = ", ".join(name[:60] for name in names[:20]) or "nothing"
    raise Invalid.field(
        "file",
        f"Expected the columns label and one of {', '.join(_BY)} in the first line, received "
        f"{shown}.",
    )


def _plain(cell: str) -> str:
    """A cell as it was before `harmless` marked it."""
    return cell[1:] if cell[:1] == "'" and harmless(cell[1:]) == cell else cell


def _written(cells: Iterable[str]) -> str:
    return ",".join(map(quoted, cells)) + "\n"
