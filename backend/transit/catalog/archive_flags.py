"""The flags of the archive's planetary tables: limits instead of values, and other references."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from backend.transit.catalog.cells import shown
from backend.transit.catalog.header import Header

# What a flag holds that is not set.
UNSET = ("", "0", "0.0")
_DEFAULT = ("1", "1.0")


class ArchiveFlags(NamedTuple):
    """Where the flags of a table stand.

    `names` is its header; `limits` gives, for columns of ours, the position of the flag that is set
    where the number is a limit; `default_flag` is the position of the one that is 1 in the row of
    the reference that the archive has chosen for a planet, or None.
    """

    names: Sequence[str]
    limits: Mapping[str, int]
    default_flag: int | None

    def of_other_references(self, records: Sequence[list[str]]) -> dict[int, tuple[str, str]]:
        """By position, the records of references that were not chosen: column and message."""
        if self.default_flag is None:
            return {}
        name = self.names[self.default_flag]
        return {
            i: (
                name,
                f"{name}: expected 1, the reference that the archive has chosen for this planet, "
                f"received {shown(record[self.default_flag])}",
            )
            for i, record in enumerate(records)
            if len(record) == len(self.names) and record[self.default_flag].strip() not in _DEFAULT
        }

    def without_limits(
        self, cells: dict[str, list[str]], records: Sequence[Sequence[str]]
    ) -> dict[str, list[str]]:
        """The cells of each column of ours, those that are limits made empty."""
        return cells | {
            column: [
                cell if record[flag].strip() in UNSET else ""
                for cell, record in zip(cells[column], records, strict=True)
            ]
            for column, flag in self.limits.items()
        }

    def limit(self, column: str, record: list[str]) -> str | None:
        """What says that a record's number is a limit, for a message; None: nothing does."""
        flag = self.limits.get(column)
        if flag is None or record[flag].strip() in UNSET:
            return None
        return f"a limit ({self.names[flag]} is {shown(record[flag])})"


def archive_flags(header: Header) -> ArchiveFlags:
    """The flags that a header has."""
    return ArchiveFlags(header.names, header.limits, header.default_flag)
