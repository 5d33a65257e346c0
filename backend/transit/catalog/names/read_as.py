"""How a person says that a table is to be read, where the table does not tell or tells wrong."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from backend.transit.catalog.cells import label_word, shown
from backend.transit.catalog.names.plain_names import Scale, plain_name, scale, units_known
from backend.transit.columns import COLUMNS, LABELS, TEACHING

# What may be mapped.
MAPPED = (*COLUMNS, "label", "star")

_MOST_LABELS = 100
_NAMES_SHOWN = 50


class ReadAsError(ValueError):
    """What was said cannot be meant; `field` is the part that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class ReadAs:
    """Said for one reading of one table; without anything said, it is read as it tells itself.

    Attributes:
        columns: by our column, the name that it has in the header; None: it is not read. Those
            that only teach have their own name, or are not read.
        units: by our column, the unit of its numbers in the file.
        labels: by a word of the table, the label's code.
        table: the name of the sheet or table in the file, where it may have several.
    """

    columns: Mapping[str, str | None] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    table: str | None = None

    def __bool__(self) -> bool:
        return bool(self.columns or self.units or self.labels or self.table)

    def to_json(self) -> dict[str, Any]:
        """What was said and nothing else; `read_as` makes the same of it again."""
        return {name: said for name, said in asdict(self).items() if said}

    def identity(self, sha256: str) -> str:
        """The hash, 64 hexadecimal digits, of a file's content together with this.

        Args:
            sha256: of the file's bytes; it is the identity where nothing was said.
        """
        if not self:
            return sha256
        said = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(f"{sha256}\n{said}".encode()).hexdigest()

    def scale(self, column: str) -> Scale | None:
        """From the unit that was said to ours; None: none was said."""
        return scale(column, self.units[column]) if column in self.units else None

    def positions(self, names: list[str]) -> dict[str, int | None]:
        """Where the columns that were said stand in a header; None: not to be read.

        A name counts as it stands, or else as `plain_name` has it. What the header lacks is left
        out.
        """
        found: dict[str, int | None] = {}
        for column, name in self.columns.items():
            if name is None:
                found[column] = None
            elif (position := _position(name, names)) is not None:
                found[column] = position
        return found

    def require(self, names: list[str]) -> None:
        """Check what was said against the header that was found.

        Raises:
            ReadAsError: it lacks a column, or two of ours would be read from one.
        """
        positions = self.positions(names)
        by_position: dict[int, str] = {}
        for column, name in self.columns.items():
            if name is None:
                continue
            position = positions.get(column)
            if position is None:
                raise ReadAsError(
                    "columns",
                    f"Expected for {column} the name of a column of the file, received "
                    f"{shown(name)}. Found: {', '.join(names[:_NAMES_SHOWN])}.",
                )
            if position in by_position:
                raise ReadAsError(
                    "columns",
                    f"Expected a column for each, received {shown(name)} for "
                    f"{by_position[position]} and for {column}.",
                )
            by_position[position] = column


NOTHING_SAID = ReadAs()


def read_as(
    columns: Mapping[str, Any] | None = None,
    units: Mapping[str, Any] | None = None,
    labels: Mapping[str, Any] | None = None,
    table: str | None = None,
) -> ReadAs:
    """What a person said, checked as far as it can be without the table.

    Args:
        columns: by our column, the file's name; "" or None: it is not read.
        units: by our column, its unit in the file.
        labels: by a word, 0, 1, 2 or the label's name.
        table: the name of the sheet or table in the file.

    Raises:
        ReadAsError: a column, a unit or a label is not known.
    """
    return ReadAs(
        {_known("columns", column): _name(column, name) for column, name in _items(columns)},
        {_measured(column): _unit(column, unit) for column, unit in _items(units)},
        _labels(labels),
        table or None,
    )


def _items(said: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    return sorted((said or {}).items())


def _known(part: str, column: str) -> str:
    known = (*MAPPED, *TEACHING)
    if column not in known:
        raise ReadAsError(part, f"Expected one of {', '.join(known)}, received {shown(column)}.")
    return column


def _measured(column: str) -> str:
    if column not in COLUMNS:
        raise ReadAsError(
            "units", f"Expected one of {', '.join(COLUMNS)}, received {shown(column)}."
        )
    return column


def _name(column: str, name: Any) -> str | None:
    if name is not None and not isinstance(name, str):
        raise ReadAsError("columns", f"Expected for {column} a name, received {name!r}.")
    name = (name or "").strip() or None
    if name is not None and column in TEACHING:
        raise ReadAsError(
            "columns",
            f"Expected for {column} null, so that it is not read, received {shown(name)}: it is "
            "read where it is called so.",
        )
    return name


def _unit(column: str, unit: Any) -> str:
    known = units_known(column)
    if not isinstance(unit, str) or not unit.strip() or scale(column, unit) is None:
        raise ReadAsError(
            "units", f"Expected for {column} one of {', '.join(known)}, received {unit!r}."
        )
    return unit.strip().lower()


def _labels(labels: Mapping[str, Any] | None) -> dict[str, int]:
    codes = {str(code): code for code in range(len(LABELS))}
    codes |= {name.lower(): code for code, name in enumerate(LABELS)}
    found: dict[str, int] = {}
    if len(labels or {}) > _MOST_LABELS:
        raise ReadAsError("labels", f"Expected at most {_MOST_LABELS} words.")
    for word, label in _items(labels):
        code = None if isinstance(label, bool) else codes.get(str(label).strip().lower())
        if code is None:
            raise ReadAsError(
                "labels", f"Expected for {shown(word)} one of 0, 1, 2, received {label!r}."
            )
        key = label_word(word)
        if not key:
            raise ReadAsError("labels", "Expected a word of the table, received an empty one.")
        if found.setdefault(key, code) != code:
            raise ReadAsError("labels", f"Expected one label for {shown(word)}, received two.")
    return found


def _position(name: str, names: list[str]) -> int | None:
    """Of equal plain names none is meant more than the other."""
    if name in names:
        return names.index(name)
    plain = plain_name(name).text
    alike = [i for i, each in enumerate(names) if plain_name(each).text == plain]
    return alike[0] if len(alike) == 1 else None
