"""Files and pipes with a layer of faults under them; see `layer`."""

import io
import os
import stat
from typing import Any, Protocol

# Before anything is replaced.
_open_file, _write = io.open, os.write

# What of a message names it.
_SHOWN_BYTES = 200


class Meets(Protocol):
    """The part of a layer that is asked at each call."""

    def meet(self, call: str, what: str, *, after: bool = False) -> None:
        """A call is about to be made, or was made right now."""


def writer(layer: Meets) -> Any:
    """In the place of `os.write`."""

    def write(descriptor: int, data: Any) -> int:
        call, what = _kind_of_write(descriptor, data)
        layer.meet(call, what)
        written = _write(descriptor, data)
        layer.meet(call, what, after=True)
        return written

    return write


def _kind_of_write(descriptor: int, data: Any) -> tuple[str, str]:
    """A message in a pipe is known by its beginning, a file by its path."""
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return "pipe", bytes(memoryview(data)[:_SHOWN_BYTES]).decode("latin-1")
    return "write", path_of(descriptor)


def file_class(layer: Meets) -> Any:
    """In the place of `io.FileIO`."""

    class File(io.FileIO):
        """A file or a pipe: what buffers write goes through here."""

        def __init__(self, file: Any, mode: str = "r", closefd: bool = True, opener: Any = None):
            layer.meet("open", path_of(file))
            super().__init__(file, mode, closefd, opener)
            self._is_pipe = stat.S_ISFIFO(os.fstat(self.fileno()).st_mode)
            self._path = path_of(file)

        def write(self, data: Any) -> int:
            call, what = "write", self._path
            if self._is_pipe:
                call, what = _kind_of_write(self.fileno(), data)
            layer.meet(call, what)
            written = super().write(data)
            layer.meet(call, what, after=True)
            return written

        def readinto(self, buffer: Any) -> int:
            if self._is_pipe:
                layer.meet("pipe", "read")
            return super().readinto(buffer)

    return File


def opener(layer: Meets, file_class: Any) -> Any:
    """In the place of `open`."""

    def open(  # as the built-in one
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        is_descriptor = isinstance(file, int)
        is_pipe = is_descriptor and stat.S_ISFIFO(os.fstat(file).st_mode)
        if not is_pipe and (is_descriptor or not set(mode) & set("wxa+")):
            layer.meet("open", path_of(file))
            return _open_file(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = file_class(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        if buffering == 0:
            return raw
        buffered = _buffered(raw, mode, buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE)
        if "b" in mode:
            return buffered
        text = io.TextIOWrapper(buffered, encoding, errors, newline, buffering == 1)
        text.mode = mode  # type: ignore[misc]
        return text

    return open


def _buffered(raw: Any, mode: str, size: int) -> Any:
    if "+" in mode:
        return io.BufferedRandom(raw, size)
    return io.BufferedReader(raw, size) if "r" in mode else io.BufferedWriter(raw, size)


def path_of(file: Any, *_rest: Any, **_more: Any) -> str:
    """The path of a file that is named by a path or a descriptor."""
    if not isinstance(file, int):
        return os.fsdecode(file)
    try:
        return os.readlink(f"/proc/self/fd/{file}")
    except OSError:
        return f"descriptor {file}"
