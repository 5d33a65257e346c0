"""Whose light curve a file is, without reading the light curve where its header says it."""

from pathlib import Path
from typing import Any

from backend.light_curves.child import fits, reading, views
from backend.light_curves.child.columns import find_columns
from backend.light_curves.child.reading import NOTHING_SAID
from backend.light_curves.child.stars import origin
from backend.light_curves.child.unpacking import NO_ARCHIVE, is_archive, plain_file
from backend.light_curves.in_place import by_number, opened
from backend.tables.child.limits import NotReadable
from backend.transit.catalog.delimited.foreign import ENOUGH_BYTES, table_kind

_MOST_STARS = 10_000


def of_file(path: Path, name: str, room: Path, root: Path) -> dict[str, Any]:
    """What a list of many files says of one.

    Args:
        path: the file, which is never written to.
        name: its name in its folder.
        room: a folder for a temporary file.
        root: the folder that it must be in.

    Returns:
        {stars, mission, name}: the identifiers, at most 10,000; the mission, and the quarter,
        campaign or sector, where they are one.

    Raises:
        NotReadable: it is no light curve.
        NotNow: it cannot be read at the moment.
    """
    with opened(path, root) as file:
        return _of_open(by_number(file, path), name, room)


def _of_open(path: Path, name: str, room: Path) -> dict[str, Any]:
    if is_archive(path):
        raise NotReadable(NO_ARCHIVE)
    with open(path, "rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    if not is_packed:
        return _of_plain(path, name)
    item = plain_file(path, name, 0, 0, room / "unpacked", is_hashed=False)
    if item.path is None:
        raise NotReadable(item.why)
    return _of_plain(item.path, name)


def _of_plain(path: Path, name: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        start = file.read(ENOUGH_BYTES)
    if start.startswith(b"PK"):
        signals = views.read(path, None).views
        return _told([each.star for each in signals], {""}, {each.name for each in signals})
    if table_kind(start) == "fits":
        for table in fits.tables(path):
            found = origin(table.header, (), name, None)
            columns = find_columns(table)
            if found.star and columns is not None and columns.star is None:
                return _told([found.star], {found.mission}, {found.name})
            break
    segments = reading.read(path, name, NOTHING_SAID).segments
    return _told(
        [star for star, _ in segments],
        {segment.mission for _, segment in segments},
        {segment.name for _, segment in segments},
    )


def _told(stars: list[str], missions: set[str], names: set[str]) -> dict[str, Any]:
    return {
        "stars": list(dict.fromkeys(stars))[:_MOST_STARS],
        "mission": missions.pop() if len(missions) == 1 else "",
        "name": names.pop() if len(names) == 1 else "",
    }
