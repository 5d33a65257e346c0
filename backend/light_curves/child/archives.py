"""The files of an upload, one after the other, those in zip and tar archives too.

Nothing is unpacked to a place that an archive names: each member is copied to one temporary file,
which the next one replaces. An archive in an archive is refused.
"""

import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, cast

from backend.light_curves.child import sizes
from backend.light_curves.child.unpacking import (
    NO_ARCHIVE,
    Allowed,
    CutOff,
    Gunzip,
    Item,
    copy,
    damaged,
    is_archive,
    is_packed_tar,
    is_tar,
    is_views,
    packed_path,
    plain_file,
    unpacked_member,
)
from backend.light_curves.in_place import opened
from backend.storage.disk import is_full
from backend.tables.child.limits import NotReadable

_BLOCK = 1 << 20
_ENCRYPTED = 1

# What a Mac and Windows add to archives.
_NOT_MEANT = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")
_DRIVE = re.compile(r"[A-Za-z]:")


class _Member(tarfile.TarInfo):
    """A member of a tar archive; what the library takes for the end may be a cut."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> "_Member":
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise CutOff from error


# Is told of each place before anything of it is read: source, member, name.
Note = Callable[[int, int, str], None]


def items(
    sources: list[dict[str, str]], start: tuple[int, int], room: Path, note: Note
) -> Iterator[Item]:
    """The files of an upload from a place on.

    Args:
        sources: of each file that was sent its {path, name}; of one that is read where it is, in
            a folder that others may change, {root} too.
        start: the source and the member to begin with.
        room: a folder for one temporary file.
        note: is called before each.
    """
    for number, source in enumerate(sources):
        if number < start[0]:
            continue
        first = start[1] if number == start[0] else 0
        path, name = Path(source["path"]), source["name"]
        note(number, first, name)
        unpacked = room / "unpacked"
        try:
            if "root" in source:
                yield _in_place(path, name, number, Path(source["root"]), unpacked)
            else:
                yield from _of_source(path, name, number, first, unpacked, note)
        finally:
            unpacked.unlink(missing_ok=True)
            packed_path(unpacked).unlink(missing_ok=True)


def _in_place(path: Path, name: str, number: int, root: Path, unpacked: Path) -> Item:
    """A file of a folder that others may change: a copy of it, or why there is none."""
    packed = packed_path(unpacked)
    try:
        with opened(path, root) as file:
            copy(file, packed, Allowed(sizes.MAX_FILE_BYTES))
        if is_archive(packed):
            raise NotReadable(NO_ARCHIVE)
    except NotReadable as error:
        return Item(number, 0, name, None, "", 0, str(error))
    except OSError as error:
        if is_full(error):
            raise
        why = f"The server cannot read the file: {error.strerror}."
        return Item(number, 0, name, None, "", 0, why)
    return plain_file(packed, name, number, 0, unpacked)


def _of_source(
    path: Path, name: str, number: int, first: int, unpacked: Path, note: Note
) -> Iterator[Item]:
    with open(path, "rb") as file:
        start = file.read(512)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not is_views(path):
        yield from _of_zip(path, name, number, first, unpacked, note)
    elif is_tar(start):
        with open(path, "rb") as file:
            yield from _of_tar(file, path, name, number, first, unpacked, note)
    elif start.startswith(b"\x1f\x8b") and is_packed_tar(path):
        with open(path, "rb") as packed:
            stream = cast(IO[bytes], Gunzip(packed))
            yield from _of_tar(stream, path, name, number, first, unpacked, note)
    elif first == 0:
        yield plain_file(path, name, number, 0, unpacked)


def _of_zip(
    path: Path, name: str, number: int, first: int, unpacked: Path, note: Note
) -> Iterator[Item]:
    allowed = Allowed(path.stat().st_size)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > sizes.MAX_MEMBERS:
                raise NotReadable(
                    f"The archive has {len(members):,} files; at most {sizes.MAX_MEMBERS:,} are "
                    "allowed."
                )
            for member, info in enumerate(members):
                if member < first or info.is_dir() or _NOT_MEANT.search(info.filename):
                    continue
                full = f"{name}/{info.filename}"
                note(number, member, full)
                allowed.require_room()
                why = _unsafe(info.filename, stat.S_ISLNK(info.external_attr >> 16))
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    why = "It is packed in a way that is not read. Make a plain zip archive."
                if info.flag_bits & _ENCRYPTED:
                    why = "The file is encrypted. Make an archive without a password."
                if info.file_size > sizes.MAX_RATIO * max(info.compress_size, 1) + _BLOCK:
                    why = _bomb(info.file_size, info.compress_size)
                if why:
                    yield Item(number, member, full, None, "", info.file_size, why)
                    continue
                opened = partial(archive.open, info)
                yield unpacked_member(opened, number, member, full, unpacked, allowed)
    except (zipfile.BadZipFile, NotReadable, NotImplementedError, OSError, EOFError) as error:
        if is_full(error):
            raise
        yield _of_archive(number, name, path, damaged("zip", error))


def _of_tar(
    file: IO[bytes], path: Path, name: str, number: int, first: int, unpacked: Path, note: Note
) -> Iterator[Item]:
    allowed = Allowed(path.stat().st_size)
    try:
        with tarfile.open(fileobj=file, mode="r|", tarinfo=_Member, bufsize=_BLOCK) as archive:
            for member, info in enumerate(archive):
                if member >= sizes.MAX_MEMBERS:
                    raise NotReadable(
                        f"The archive has more than {sizes.MAX_MEMBERS:,} files, which is not "
                        "allowed."
                    )
                archive.members = []  # type: ignore[attr-defined]  # it would keep every header
                if member < first:
                    note(number, first, name)  # passing over takes its time too
                    allowed.spend(info.size)
                    continue
                if info.isdir() or _NOT_MEANT.search(info.name):
                    continue
                full = f"{name}/{info.name}"
                note(number, member, full)
                allowed.require_room()
                why = _unsafe(info.name, info.issym() or info.islnk())
                if not why and not info.isreg():
                    why = "It is no file but a device or a pipe, which is not read."
                if why:
                    yield Item(number, member, full, None, "", info.size, why)
                    continue
                opened = partial(_opened, archive, info)
                yield unpacked_member(opened, number, member, full, unpacked, allowed)
    except CutOff:  # also where it is packed
        yield _of_archive(
            number, name, path, "The tar archive is cut off: what came before was read."
        )
    except (tarfile.TarError, NotReadable, OSError, EOFError, zlib.error) as error:
        if is_full(error):
            raise
        yield _of_archive(number, name, path, damaged("tar", error))


def _opened(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    if file is None:
        raise NotReadable("It is no file.")
    return file


def _of_archive(number: int, name: str, path: Path, why: str) -> Item:
    return Item(number, -1, name, None, "", path.stat().st_size, why, is_of_archive=True)


def _unsafe(name: str, is_link: bool) -> str:
    if is_link:
        return "It is a link, which is not followed. Put the file itself into the archive."
    plain = name.replace("\\", "/")
    if plain.startswith("/") or _DRIVE.match(plain) or ".." in PurePosixPath(plain).parts:
        return "Its name leads out of the archive. Make the archive anew, with plain names."
    return ""


def _bomb(unpacked: int, packed: int) -> str:
    return (
        f"It unpacks from {packed:,} to {unpacked:,} bytes, which no light curve does: it was not "
        "unpacked."
    )
