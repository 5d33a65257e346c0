"""Bytes to lines, for any line ends and encoding, within bounded memory."""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from backend.transit.catalog.delimited.foreign import ENOUGH_BYTES, foreign_kind

# The archive's rows are about 700 bytes long. Nothing that is a table needs more than this in one
# record, and `csv` itself gives up on a field of more than 131,072 characters.
MAX_RECORD_BYTES = 131_072
BLOCK_BYTES = 1 << 20

# Some programs put one before that of others.
_BYTE_ORDER_MARKS = re.compile(rb"\A(?:\xef\xbb\xbf)+")


class DelimitedError(ValueError):
    """The bytes are not a delimited text file; the message says at which line and why."""


class Lines:
    """The lines of a binary stream, without their ends.

    Line ends may be LF, CRLF or CR. Bytes that are not UTF-8 are read as Latin-1, line by line,
    so that an observer's accented name in an unread column harms nothing. `number` is the 1-based
    number of the line read last; `has_last_end` tells, once all were read, whether the last one had
    an end.

    Raises:
        DelimitedError: while reading, for another kind of file, a NUL byte, or too long a line.
    """

    def __init__(self, stream: BinaryIO, change: Callable[[str], str] | None = None) -> None:
        """Read from a stream.

        Args:
            stream: at the beginning of the file.
            change: what is done to the text of many lines before they are given out; it must keep
                their number.
        """
        self.number = 0
        self.has_last_end = True
        self._change = change
        self._blocks = self._blocks_of_whole_lines(stream)
        self._waiting: list[str] = []
        self._next = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self._has_more():
            raise StopIteration
        line = self._waiting[self._next]
        self._next += 1
        self.number += 1
        return line

    def push_back(self, lines: list[str]) -> None:
        """Give lines back, to be read again in the same order."""
        self._waiting = lines + self._waiting[self._next :]
        self._next = 0
        self.number -= len(lines)

    def ahead(self, limit: int) -> list[str]:
        """Up to `limit` next lines, not yet read; none only at the end."""
        if not self._has_more():
            return []
        return self._waiting[self._next : self._next + limit]

    def skip(self, count: int) -> None:
        """Count lines that `ahead` gave as read."""
        self._next += count
        self.number += count

    def _has_more(self) -> bool:
        if self._next == len(self._waiting):
            block = next(self._blocks, None)
            if block is None:
                return False
            lines = _decode_lines(block, self.number)
            self._waiting = lines if self._change is None else _changed(lines, self._change)
            self._next = 0
        return True

    def _blocks_of_whole_lines(self, stream: BinaryIO) -> Iterator[bytes]:
        """Blocks of bytes that end with the end of a line, all line ends made LF."""
        start = b""
        while len(start) < ENOUGH_BYTES and (more := stream.read(BLOCK_BYTES)):
            start += more
        if kind := foreign_kind(start):
            raise DelimitedError(
                f"Expected a CSV file in UTF-8, received {kind}. Export the table as CSV."
            )
        block = _BYTE_ORDER_MARKS.sub(b"", start)
        rest = b""
        number = 1
        while block:
            following = stream.read(BLOCK_BYTES)
            text = rest + block
            if text.endswith(b"\r") and following:
                following = b"\r" + following
                text = text[:-1]
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            whole, newline, rest = text.rpartition(b"\n")
            if newline:
                yield whole
                number += whole.count(b"\n") + 1
            if len(rest) > MAX_RECORD_BYTES:
                raise _nul_byte(number) if b"\0" in rest else _too_long(number)
            block = following
        self.has_last_end = not rest
        if rest:
            yield rest


def _decode_lines(block: bytes, lines_before: int) -> list[str]:
    if b"\0" in block:
        raise _nul_byte(lines_before + block.count(b"\n", 0, block.index(b"\0")) + 1)
    try:
        lines = block.decode().split("\n")
    except UnicodeDecodeError:
        lines = [decoded(line) for line in block.split(b"\n")]
    if max(map(len, lines)) > MAX_RECORD_BYTES:
        raise _too_long(
            lines_before + 1 + next(i for i, x in enumerate(lines) if len(x) > MAX_RECORD_BYTES)
        )
    return lines


def _changed(lines: list[str], change: Callable[[str], str]) -> list[str]:
    return change("\n".join(lines)).split("\n")


def decoded(text: bytes) -> str:
    """Text in UTF-8, or else in Latin-1, in which every byte is a character."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _nul_byte(number: int) -> DelimitedError:
    return DelimitedError(
        f"Line {number} contains a NUL byte: the file is binary, UTF-16 or damaged. "
        "Save the table as CSV in UTF-8."
    )


def _too_long(number: int) -> DelimitedError:
    return DelimitedError(
        f"Line {number} is longer than {MAX_RECORD_BYTES:,} bytes. "
        "Expected a table with one candidate per line."
    )
