"""What became of each file of an upload."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

# "repeated": every record of it was there before, from another file or the same one.
Status = Literal["taken", "repeated", "refused"]

_MOST_STARS = 20


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file.

    Attributes:
        file: its name as it was sent, behind that of its archive.
        sha256: of its bytes; "" where it was not unpacked.
        size: in bytes.
        status: one of Status.
        why: the reason where it was refused or repeated.
        stars: the identifiers in it, at most 20.
        segments, views, points: how many were taken.
        notes: what was odd.
        is_of_archive: whether it is about a whole archive, from some place on.
    """

    file: str
    sha256: str
    size: int
    status: Status
    why: str = ""
    stars: list[str] = field(default_factory=list)
    segments: int = 0
    views: int = 0
    points: int = 0
    notes: list[str] = field(default_factory=list)
    is_of_archive: bool = False

    def described(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "stars": self.stars[:_MOST_STARS]}


def of(described: dict[str, Any]) -> FileOutcome:
    """From JSON as `described` makes it."""
    return FileOutcome(**described)
