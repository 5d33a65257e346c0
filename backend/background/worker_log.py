"""What workers print reaches the server's log, without TensorFlow's lines that look like failures.

Without a graphics card TensorFlow prints an error at every start, though nothing is wrong. These
lines are matched by their exact text; only the prefix before it, time and thread, may differ.
"""

import contextlib
import json
import logging
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

from backend import log_format
from backend.log_format import escaped

# As TensorFlow 2.21 prints them on a machine without CUDA.
HIDDEN = (
    "failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)",
    "Could not find cuda drivers on your machine, GPU will not be used.",
)
HIDDEN_WITHOUT_PREFIX = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
)

# E0000 00:00:1795637925.978978   18483 cuda_platform.cc:52] …
_PREFIX = r"[IWE]\d{4} [\d:.]+ +\d+ \w+\.cc:\d+\] "

_HIDDEN = re.compile(
    rf"(?:{_PREFIX}(?:{'|'.join(map(re.escape, HIDDEN))})"
    rf"|{'|'.join(map(re.escape, HIDDEN_WITHOUT_PREFIX))})\r?\n?".encode()
)

# A worker's own entries begin with its name; what else it prints may hold text from a catalogue.
_LIKE_THE_SERVERS = re.compile(r"\d{4}-\d\d-\d\d ")

# Of an entry of a worker's, where the log is JSON.
_NEEDED = ("time", "level", "logger", "message")
_FIELDS = (*_NEEDED, "exception", "stack")

# A worker that prints without line breaks must not fill the server's memory.
_LONGEST_LINE = 1 << 16

_STDERR = 2

log = logging.getLogger(__name__)

_one_at_a_time = threading.Lock()


def print_line(line: bytes) -> None:
    """Write a line to this process's standard error."""
    # The worker must not block, even if the log is no longer read.
    with contextlib.suppress(OSError):
        while line:
            line = line[os.write(_STDERR, line) :]


def pass_on(
    output: IO[bytes],
    name: str,
    worker: int | None = None,
    sink: Callable[[bytes], None] = print_line,
) -> threading.Thread:
    """Copy what a worker prints, by default to this process's standard error, until it ends.

    Args:
        output: the worker's standard error; closed at the end.
        name: of the thread that copies, which this returns.
        worker: the worker's process, for a log that is JSON.
        sink: takes the lines.
    """
    thread = threading.Thread(target=_copy, args=(output, worker, sink), name=name, daemon=True)
    thread.start()
    return thread


@contextlib.contextmanager
def filtered_stderr() -> Iterator[None]:
    """Filter this process's own standard error; it appears when the block ends.

    For a few calls only: if the process crashes in between, what was printed is lost.
    """
    with _one_at_a_time, tempfile.TemporaryFile() as kept:
        before = os.dup(_STDERR)
        os.dup2(kept.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(before, _STDERR)
            os.close(before)
            kept.seek(0)
            _copy(kept)


def _copy(
    output: IO[bytes], worker: int | None = None, sink: Callable[[bytes], None] = print_line
) -> None:
    try:
        with output:
            while line := output.readline(_LONGEST_LINE):
                if not _HIDDEN.fullmatch(line):
                    sink(_as_json(line, worker) if log_format.is_json() else _harmless(line))
    except OSError as error:
        log.error("a worker's output cannot be read any more: %s", error)


def _harmless(line: bytes) -> bytes:
    """A line as it may stand in the log: no other line begins in it, and none like the server's."""
    end = b"\n" if line.endswith(b"\n") else b""
    text = escaped(line.rstrip(b"\r\n").decode("utf-8", "backslashreplace"))
    if _LIKE_THE_SERVERS.match(text):
        text = f"    {text}"
    return text.encode() + end


def _as_json(line: bytes, worker: int | None) -> bytes:
    """A line as an entry: a worker's own keeps its fields, anything else is the message of one.

    Whoever prints what looks like an entry cannot make it pass for the server's: `worker` is there.
    """
    text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
    entry = _entry_in(text)
    if entry is None:
        time_now = log_format.iso_time(time.time())
        entry = {"time": time_now, "level": "INFO", "logger": "worker", "message": text}
    if worker is not None:
        entry = {name: entry[name] for name in _FIELDS if name in entry} | {"worker": worker}
    return log_format.json_line(entry).encode() + b"\n"


def _entry_in(text: str) -> dict[str, Any] | None:
    """The entry that a line is, as `log_format` writes them; None if it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_entry = isinstance(found, dict) and all(isinstance(found.get(n), str) for n in _NEEDED)
    return found if is_entry else None
