"""Large files that come in pieces: what has come stays, and the next piece goes on behind it.

A piece counts once its bytes are on the disk. What lies behind the counted bytes, of a piece that
was cut off by a kill, is written over.
"""

from typing import IO

from backend.database import workspaces
from backend.database.connection import Record
from backend.database.curves import uploads
from backend.errors import Conflict, Invalid, NotFound
from backend.services.aftermath import left_to_the_next_start
from backend.services.bin.meanwhile import require_there
from backend.services.context import Services
from backend.services.quota import require_bytes
from backend.storage import curve_files
from backend.storage.atomic import sync
from backend.storage.incoming import MEGABYTE, require_space, too_large
from backend.storage.permissions import FOLDER_MODE

# After so many hours without a new piece an upload is removed.
KEPT_HOURS = 48.0

_PIECE_BYTES = MEGABYTE


def begin(services: Services, workspace: Record, user_id: int, name: str, size: int) -> Record:
    """Begin an upload that comes in pieces.

    Raises:
        TooLarge: it, or all that the user has begun, is larger than the server accepts.
        NoSpace: the quota of the workspace's owner or the disk has no room for it.
        Conflict: the workspace was deleted.
    """
    limit = services.settings.max_curves_mb * MEGABYTE
    if size > limit:
        raise too_large(limit, "light curves", "EXOTRAIN_MAX_CURVES_MB")
    require_space(services.storage.uploads, size)
    with services.database.write() as connection:
        require_there(connection, workspace["id"])
        begun = uploads.bytes_of(connection, user_id)
        if begun + size > limit:
            raise Conflict(
                f"Your unfinished uploads have {begun / MEGABYTE:,.0f} MB: {size / MEGABYTE:,.0f} "
                f"MB more would be above the {limit / MEGABYTE:,.0f} MB that the server accepts "
                "(EXOTRAIN_MAX_CURVES_MB). Use or delete one of them first."
            )
        owner_id = workspaces.owner_of(connection, workspace["id"])
        require_bytes(services, connection, owner_id, size)
        return uploads.create(connection, workspace["id"], user_id=user_id, name=name, size=size)


def find(services: Services, upload: Record) -> Record:
    """An upload's row, with what is on the disk."""
    return {**upload, "received": _received(services, upload)}


def append(
    services: Services, upload: Record, start: int, length: int, total: int, body: IO[bytes]
) -> Record:
    """Write a piece behind what has been received.

    A body that ends early counts as far as it came.

    Args:
        services: database and files.
        upload: its row.
        start: of the piece, in bytes from the beginning of the file.
        length: of the piece as it was announced.
        total: size of the file as it was announced.
        body: what comes of the piece.

    Returns:
        The upload's row, with what is on the disk by now.

    Raises:
        Invalid: the piece, or the file, has another size than was said.
        Conflict: it does not begin where the last one ended, or another request is sending.
        NotFound: the upload was deleted meanwhile.
        NoSpace: the disk is full.
    """
    with services.curve_sending.alone(upload["id"]):
        upload = _again(services, upload["id"])
        _require_fit(upload, start, length, total)
        received = _write(services, upload, length, body)
        with services.database.write() as connection:
            if uploads.find(connection, upload["id"]) is None:
                raise NotFound(f"There is no upload {upload['id']}.")
            uploads.received(connection, upload["id"], received)
    return _again(services, upload["id"])


def require_complete(services: Services, upload: Record) -> None:
    """Check that all of an upload has been received, and is there.

    Raises:
        Conflict: it has not, or is not.
    """
    received = _received(services, upload)
    if received < upload["size"]:
        raise Conflict(
            f"Upload {upload['id']} ({upload['name']}) has {received:,} of {upload['size']:,} "
            "bytes: send the rest first."
        )


def remove(services: Services, upload: Record) -> None:
    """Delete an upload and what has been received of it.

    Raises:
        Conflict: a request is sending a piece of it.
    """
    with services.curve_sending.alone(upload["id"]):
        with services.database.write() as connection:
            uploads.remove(connection, upload["id"])
        with left_to_the_next_start(f"the deletion of what was received of upload {upload['id']}"):
            path = curve_files.part(services.storage, upload["workspace_id"], upload["id"])
            path.unlink(missing_ok=True)


def _again(services: Services, upload_id: int) -> Record:
    with services.database.read() as connection:
        found = uploads.find(connection, upload_id)
    if found is None:
        raise NotFound(f"There is no upload {upload_id}.")
    return find(services, found)


def _received(services: Services, upload: Record) -> int:
    """What counts of an upload and is on the disk: a backup has no files of uploads."""
    path = curve_files.part(services.storage, upload["workspace_id"], upload["id"])
    size = path.stat().st_size if path.exists() else 0
    return int(min(upload["received"], size))


def _require_fit(upload: Record, start: int, length: int, total: int) -> None:
    if total != upload["size"]:
        raise Invalid.field(
            "Content-Range",
            f"Expected a file of {upload['size']:,} bytes, as upload {upload['id']} was begun, "
            f"received one of {total:,}.",
        )
    if start != upload["received"]:
        raise Conflict(
            f"Expected the bytes of upload {upload['id']} from {upload['received']:,} on, received "
            f"those from {start:,} on."
        )
    if start + length > total:
        raise Invalid.field(
            "Content-Range",
            f"Expected at most {total - start:,} more bytes, received a piece of {length:,}.",
        )


def _write(services: Services, upload: Record, length: int, body: IO[bytes]) -> int:
    """Write what comes of a piece; how much of the file is on the disk then."""
    path = curve_files.part(services.storage, upload["workspace_id"], upload["id"])
    path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    received = upload["received"]
    with open(path, "r+b" if received else "wb") as file:
        file.truncate(received)
        file.seek(received)
        left = length
        while piece := body.read(min(_PIECE_BYTES, left + 1)):
            if len(piece) > left:
                raise Invalid.field(
                    "Content-Range", f"Expected a body of {length:,} bytes, received more."
                )
            require_space(path.parent, len(piece))
            file.write(piece)
            left -= len(piece)
    sync(path)
    return received + length - left
