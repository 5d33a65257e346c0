"""The form of the log: text from outside neither begins a line of its own nor moves the cursor.

A path, a file name or a column of a catalogue may hold line ends, and sequences at which a terminal
deletes what it showed. Whatever is not printable is therefore written as an escape. With
EXOTRAIN_LOG=json each entry, with its traceback, is one line of JSON in ASCII.
"""

import json
import logging
import math
import os
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from backend import request_ids

_INDENT = "    "

# Collectors cut longer lines. The end of a traceback says most.
_LONGEST_TEXT = 8_000
_CUT = " … "

log = logging.getLogger(__name__)


def set_up(line_format: str, environment: Mapping[str, str] = os.environ) -> None:
    """Write this process's log to standard error, and exceptions that end a thread with it.

    Args:
        line_format: of a line, as `logging.Formatter` takes it, unless EXOTRAIN_LOG asks for JSON.
        environment: where EXOTRAIN_LOG is; workers inherit it.
    """
    is_json = environment.get("EXOTRAIN_LOG", "").strip() == "json"
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if is_json else LineFormatter(line_format))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    threading.excepthook = _log_end_of_thread
    if is_json:  # else they would be lines of another form
        logging.captureWarnings(True)
        sys.excepthook = _log_end_of_process


def is_json() -> bool:
    """Whether the log of this process is JSON."""
    return any(isinstance(each.formatter, JsonFormatter) for each in logging.root.handlers)


def say_last(why: str) -> None:
    """Say why this process ends, as the last line of standard error and for people."""
    if is_json():
        log.critical("%s", why)
    else:
        print(escaped(why), file=sys.stderr, flush=True)


def json_line(fields: Mapping[str, Any]) -> str:
    """An entry as one line, without its end: printable ASCII, whatever the texts hold.

    Args:
        fields: texts, numbers, booleans and None; a number that is not finite becomes null.
    """
    return json.dumps({name: _plain(value) for name, value in fields.items()}, allow_nan=False)


def escaped(text: str) -> str:
    """A text as one line: characters that cannot be printed become `\\n`, `\\x1b`, `\\u2028`…"""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escape(each) for each in text)


class LineFormatter(logging.Formatter):
    """One line an entry. The lines of a traceback are set in, so that none passes for an entry."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The entry's line; an error of a request with the number of that request."""
        line = escaped(super().formatMessage(record))
        request_id = request_ids.current.get() if record.levelno >= logging.ERROR else None
        return line if request_id is None else f"{line} (request {request_id})"

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """The lines of a traceback."""
        return _set_in(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        """The lines of a stack."""
        return _set_in(super().formatStack(stack_info))


class JsonFormatter(logging.Formatter):
    """One object an entry: time (UTC), level, logger, message, and what else is known of it.

    `request_id` is there if the entry is about a request, `exception` and `stack` are texts of
    several lines. An entry may bring fields of its own, as `extra={"fields": {…}}`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The entry's line."""
        fields: dict[str, Any] = {
            "time": iso_time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": _message_of(record),
            "request_id": request_ids.current.get(),
            "exception": self.formatException(record.exc_info) if record.exc_info else None,
            "stack": self.formatStack(record.stack_info) if record.stack_info else None,
        }
        known = {name: value for name, value in fields.items() if value is not None}
        return json_line(known | getattr(record, "fields", {}))


def iso_time(seconds: float) -> str:
    """A time in seconds since 1970 as ISO 8601, UTC, with milliseconds and `Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # a mistake in a call of the log; logging would print a traceback
        return f"{record.msg!r} with {record.args!r}: {error!r}"


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    text = str(value)
    if len(text) > _LONGEST_TEXT:
        text = text[: _LONGEST_TEXT // 4] + _CUT + text[-3 * _LONGEST_TEXT // 4 :]
    # Half of a pair would be an escape that strict readers refuse.
    return text.encode("utf-8", "backslashreplace").decode()


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _set_in(text: str) -> str:
    return "\n".join(_INDENT + escaped(line) for line in text.split("\n"))


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = ended.thread.name if ended.thread else "?"
        log.critical("the thread %s failed", name, exc_info=ended.exc_value)


def _log_end_of_process(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    log.critical("the process ends", exc_info=(kind, error, traceback))
