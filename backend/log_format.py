"""The form of the log: text from outside neither begins a line of its own nor moves the cursor.

A path, a file name or a column of a catalogue may hold line ends, and sequences at which a terminal
deletes what it showed. Whatever is not printable is therefore written as an escape.
"""

import logging
import threading
from types import TracebackType

_INDENT = "    "

log = logging.getLogger(__name__)


def set_up(line_format: str) -> None:
    """Write this process's log to standard error, and exceptions that end a thread with it.

    Args:
        line_format: of a line, as `logging.Formatter` takes it.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter(line_format))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    threading.excepthook = _log_end_of_thread


def escaped(text: str) -> str:
    """A text as one line: characters that cannot be printed become `\\n`, `\\x1b`, `\\u2028`…"""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escape(each) for each in text)


class LineFormatter(logging.Formatter):
    """One line an entry. The lines of a traceback are set in, so that none passes for an entry."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The entry's line."""
        return escaped(super().formatMessage(record))

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


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _set_in(text: str) -> str:
    return "\n".join(_INDENT + escaped(line) for line in text.split("\n"))


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = ended.thread.name if ended.thread else "?"
        log.critical("the thread %s failed", name, exc_info=ended.exc_value)
