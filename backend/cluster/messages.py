"""What a node sends to the bridge, in the order in which it happened.

Ray carries these from one process with this package to another with the same.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Here:
    """The session has its place; the first of a session's messages.

    Attributes:
        node: Ray's id of it.
    """

    node: str


@dataclass(frozen=True)
class Reported:
    """An event of the session, as a line of `backend.wire`."""

    line: bytes


@dataclass(frozen=True)
class Said:
    """A line that the worker printed."""

    line: bytes


@dataclass(frozen=True)
class FileBegins:
    """A file follows, in pieces.

    Attributes:
        path: relative to the data folder, the same on both sides.
        size: in bytes.
        sha256: of all of it.
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Piece:
    """The next bytes of the file that began last."""

    content: bytes


Message = Here | Reported | Said | FileBegins | Piece


@dataclass(frozen=True)
class Parcel:
    """A file for a node.

    Attributes:
        path: relative to the data folder, the same on both sides.
        sha256: of it.
        pieces: Ray's references to its bytes, uint8, in order. In this list they are not fetched
            before somebody asks for them.
    """

    path: str
    sha256: str
    pieces: list[Any]


@dataclass(frozen=True)
class Software:
    """What the results of a node depend on.

    Attributes:
        python: its version, "3.11.7".
        packages: versions by name; None: not installed.
    """

    python: str
    packages: dict[str, str | None]
