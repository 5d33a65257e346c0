"""What is to be said of prepared rows: of a star, of a part, of all."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

# Of the damaged stars.
_MOST_NAMED = 100


@dataclass
class Facts:
    """Counts of rows whose stars have light curves.

    Attributes:
        stars, rows_with_curve: how many.
        rows_used: of these rows: they have a record.
        rows_without_epoch: nobody knows when their transits are.
        rows_unusable: the light curve says nothing of them.
        rows_damaged: the light curve of the star cannot be read, or cannot be prepared.
        flags: how many rows have each; of FLAGS, or NO_VIEW of `star`.
        damaged: {star, message}, of the first stars alone.
    """

    stars: int = 0
    rows_with_curve: int = 0
    rows_used: int = 0
    rows_without_epoch: int = 0
    rows_unusable: int = 0
    rows_damaged: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    damaged: list[dict[str, str]] = field(default_factory=list)

    def add(self, other: Self) -> None:
        """Count what another says as well."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.flags.update(other.flags)
        self.damaged = [*self.damaged, *other.damaged][:_MOST_NAMED]

    def as_json(self) -> dict[str, Any]:
        """For a file or a row of the database; flags by name."""
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        return {**numbers, "flags": dict(sorted(self.flags.items())), "damaged": self.damaged}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """As they were before `as_json`."""
        numbers = {name: int(told[name]) for name in _NUMBERS}
        return cls(**numbers, flags=Counter(told["flags"]), damaged=list(told["damaged"]))


def together(each_part: Iterable[Facts]) -> Facts:
    """Of all parts, in their order."""
    found = Facts()
    for part in each_part:
        found.add(part)
    return found


_NUMBERS = (
    "stars",
    "rows_with_curve",
    "rows_used",
    "rows_without_epoch",
    "rows_unusable",
    "rows_damaged",
)
