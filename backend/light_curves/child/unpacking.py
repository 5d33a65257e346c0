"""One file of an upload: a copy of a member of an archive, unpacked where it is a gzip file."""

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple, cast

from backend.light_curves.child import sizes
from backend.storage.disk import is_full
from backend.storage.incoming import require_space
from backend.tables.child.limits import NotReadable
from backend.transit.catalog.cells import shown

_BLOCK = 1 << 20
_MORE_UNPACKED = 64 << 20
_TAR_MARK = slice(257, 262)

# Of files in a folder of the server.
NO_ARCHIVE = "It is an archive. Unpack it in this folder, or upload it."


class Item(NamedTuple):
    """A file that is read, or the reason why it is not.

    Attributes:
        source, member: its place in the upload, from 0 on.
        name: as it was sent, with that of its archive.
        path: where it is; None where it cannot be read.
        sha256, size: of its bytes.
        why: the reason; "" if there is none.
        is_of_archive: whether the reason is that of a whole archive from here on.
    """

    source: int
    member: int
    name: str
    path: Path | None
    sha256: str
    size: int
    why: str = ""
    is_of_archive: bool = False


class CutOff(Exception):
    """A tar archive that ends without the mark of its end."""


class Gunzip:
    """What a gzip file unpacks to; of one that is cut off, all that comes before the cut."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._unpacker = _new_unpacker()
        self._packed = b""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end.

        Raises:
            CutOff: the file ends in the middle.
        """
        found = b""
        while len(found) < size:
            if not self._packed and not (packed := self._file.read(_BLOCK)):
                if not found and not self._unpacker.eof:
                    raise CutOff
                return found
            self._packed = self._packed or packed
            if self._unpacker.eof:  # one stream may follow another
                self._unpacker = _new_unpacker()
            found += self._unpacker.decompress(self._packed, size - len(found))
            self._packed = self._unpacker.unconsumed_tail or self._unpacker.unused_data
        return found


def unpacked_member(
    open_member: Callable[[], IO[bytes]],
    number: int,
    member: int,
    name: str,
    unpacked: Path,
    allowed: "Allowed",
) -> Item:
    """Copy a member of an archive to a temporary file.

    Args:
        open_member: opens it for reading.
        number, member, name: its place, and what it is called.
        unpacked: beside which the temporary file is put.
        allowed: what is left of what the archive may unpack to.

    Raises:
        NoSpace: the disk is nearly full.
    """
    packed = packed_path(unpacked)
    try:
        with open_member() as source:
            copy(source, packed, allowed)
    except NotReadable as error:
        return Item(number, member, name, None, "", 0, str(error))
    except (zipfile.BadZipFile, RuntimeError, zlib.error, NotImplementedError) as error:
        return Item(number, member, name, None, "", 0, damaged("member", error))
    with open(packed, "rb") as file:
        start = file.read(512)
    is_zip = start.startswith(b"PK\x03\x04") and not is_views(packed)
    if is_zip or is_tar(start):
        why = "It is an archive in an archive, which is not opened. Send it by itself."
        return Item(number, member, name, None, "", packed.stat().st_size, why)
    return plain_file(packed, name, number, member, unpacked)


def packed_path(unpacked: Path) -> Path:
    """Where a member of an archive is, before it is known whether it is packed itself."""
    return unpacked.with_name("packed")


def plain_file(
    path: Path, name: str, number: int, member: int, unpacked: Path, *, is_hashed: bool = True
) -> Item:
    """A file that is no archive; unpacked, if it is a gzip file of one.

    Args:
        path, name, number, member: the file, what it is called, its place.
        unpacked: where it is unpacked.
        is_hashed: whether its hash is wanted, for which all of it is read.

    Raises:
        NoSpace: the disk is nearly full.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest() if is_hashed else ""
        file.seek(0)
        start = file.read(2)
    if size > sizes.MAX_FILE_BYTES:
        why = f"The file has {size:,} bytes; at most {sizes.MAX_FILE_BYTES:,} are allowed."
        return Item(number, member, name, None, digest, size, why)
    if start != b"\x1f\x8b":
        return Item(number, member, name, path, digest, size)
    try:
        with gzip.open(path) as source:
            copy(cast(IO[bytes], source), unpacked, Allowed(size))
    except (NotReadable, OSError, EOFError, zlib.error) as error:
        if is_full(error):
            raise
        why = str(error) if isinstance(error, NotReadable) else damaged("gzip", error)
        return Item(number, member, name, None, digest, size, why)
    return Item(number, member, name, unpacked, digest, size)


class Allowed:
    """What an archive may unpack to; `left` is what is left of it, bytes."""

    def __init__(self, size: int) -> None:
        """Take the bytes of the file that is unpacked."""
        self.left = size * sizes.MAX_RATIO + _MORE_UNPACKED

    def spend(self, size: int) -> None:
        """Count bytes that were unpacked."""
        self.left -= size

    def require_room(self) -> None:
        """Check that something is left.

        Raises:
            NotReadable: nothing is.
        """
        if self.left <= 0:
            raise NotReadable(
                f"The archive unpacks to more than {sizes.MAX_RATIO} times its size, which no "
                "light curves do: the rest of it was not read."
            )


def copy(source: IO[bytes], target: Path, allowed: Allowed) -> None:
    """Copy what a stream has to a temporary file.

    Raises:
        NotReadable: it is more than is allowed.
        NoSpace: the disk is nearly full.
    """
    copied = 0
    target.unlink(missing_ok=True)  # some file systems wait for the disk when one is replaced
    with open(target, "xb") as file:
        while block := source.read(_BLOCK):
            require_space(target.parent, len(block))
            copied += len(block)
            allowed.spend(len(block))
            allowed.require_room()
            if copied > sizes.MAX_FILE_BYTES:
                raise NotReadable(
                    f"The file has more than {sizes.MAX_FILE_BYTES:,} bytes, which is not allowed."
                )
            file.write(block)


def damaged(kind: str, error: Exception) -> str:
    """Why an archive, or a part of it, cannot be read; `kind` is "zip", "tar" or what it is."""
    if isinstance(error, NotReadable):
        return str(error)
    said = shown(" ".join(str(error).split())) if str(error) else type(error).__name__
    what = {"member": "The file in the archive", "gzip": "The gzip file"}.get(
        kind, f"The {kind} archive"
    )
    return f"{what} is damaged or cut off ({said}): make it anew."


def _new_unpacker() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def is_packed_tar(path: Path) -> bool:
    """Whether a gzip file is one of a tar archive."""
    try:
        with gzip.open(path) as file:
            return is_tar(file.read(512))
    except (OSError, EOFError, zlib.error):
        return False


def is_views(path: Path) -> bool:
    """Whether a zip archive is an `.npz` file, of arrays alone."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar archive, packed or not; an `.npz` file is none."""
    with open(path, "rb") as file:
        start = file.read(512)
    is_zip = start.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not is_views(path)
    is_packed = start.startswith(b"\x1f\x8b") and is_packed_tar(path)
    return is_zip or is_packed or is_tar(start)


def is_tar(start: bytes) -> bool:
    """Whether a file that begins with these bytes is a tar archive."""
    return start[_TAR_MARK] == b"ustar"
