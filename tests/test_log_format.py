"""The form of the log: an entry is one line, whatever came from outside."""

import io
import logging
import threading

import pytest

from backend import log_format
from backend.log_format import LineFormatter, escaped

FORGED = "x\r\n2026-11-25 23:00:00 INFO forged"


@pytest.fixture
def written():
    """Logs to a text; gives what it then holds."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.Logger("here")
    logger.addHandler(handler)

    def written(log):
        log(logger)
        return stream.getvalue()

    return written


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nb\tc\x00", r"a\r\nb\tc\x00"),
        ("\x1b[31mred\x9b\x7f", r"\x1b[31mred\x9b\x7f"),
        ("\u2028 \u2029 \x85 \u202e", r"\u2028 \u2029 \x85 \u202e"),
        ("half a pair \udc80", r"half a pair \udc80"),
        ("Kepler-22 b, 0,7 µm — étoile 🪐", "Kepler-22 b, 0,7 µm — étoile 🪐"),
    ],
)
def test_what_cannot_be_printed_is_escaped_and_everything_else_stays(text, line):
    assert escaped(text) == line


def test_a_text_from_outside_stays_in_its_line(written):
    line = written(lambda logger: logger.warning("%s of %s", FORGED, "b\u2028c"))
    assert line == r"WARNING here: x\r\n2026-11-25 23:00:00 INFO forged of b\u2028c" + "\n"


def test_a_traceback_keeps_its_lines_and_none_looks_like_an_entry(written):
    def fail(logger):
        try:
            raise ValueError(f"{FORGED}\nworker 7: \x1b[2K")
        except ValueError:
            logger.exception("failed")

    entry, *traceback = written(fail).splitlines()
    assert entry == "ERROR here: failed"
    assert traceback[0] == "    Traceback (most recent call last):"
    assert traceback[-3:] == [
        r"    ValueError: x\r",
        "    2026-11-25 23:00:00 INFO forged",
        r"    worker 7: \x1b[2K",
    ]


def test_a_stack_is_set_in_like_a_traceback(written):
    lines = written(lambda logger: logger.info("here", stack_info=True)).splitlines()
    assert len(lines) > 2
    assert all(line.startswith("    ") for line in lines[1:])


def test_an_exception_that_ends_a_thread_is_an_entry(monkeypatch, caplog):
    monkeypatch.setattr(threading, "excepthook", log_format._log_end_of_thread)

    def fail():
        raise ValueError(FORGED)

    thread = threading.Thread(target=fail, name="reader")
    thread.start()
    thread.join()
    (record,) = caplog.records
    assert record.getMessage() == "the thread reader failed"
    assert record.exc_info
