"""The form of the log: an entry is one line, whatever came from outside."""

import io
import json
import logging
import subprocess
import sys
import threading
from contextvars import copy_context
from datetime import UTC, datetime, timedelta

import pytest

from backend import log_format, request_ids
from backend.config import REPOSITORY
from backend.log_format import JsonFormatter, LineFormatter, escaped, iso_time

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


@pytest.fixture
def json_lines():
    """Logs as JSON; gives the entries that are then there, each from one line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("here")
    logger.addHandler(handler)

    def json_lines(log):
        log(logger)
        text = stream.getvalue()
        assert text.isascii()
        assert text.endswith("\n")
        return [json.loads(line, parse_constant=pytest.fail) for line in text.split("\n")[:-1]]

    return json_lines


def test_an_entry_in_json_is_one_line_whatever_it_holds(json_lines):
    (entry,) = json_lines(lambda logger: logger.warning("%s\x00\udc80\u2028é", FORGED))
    time = datetime.fromisoformat(entry.pop("time"))
    assert abs(time - datetime.now(UTC)) < timedelta(minutes=1)
    message = f"{FORGED}\x00\\udc80\u2028é"
    assert entry == {"level": "WARNING", "logger": "here", "message": message}


def test_times_in_json_are_utc_with_milliseconds():
    assert iso_time(1795810189.0605) == "2026-11-27T20:09:49.060Z"


def test_a_traceback_in_json_is_one_text(json_lines):
    def fail(logger):
        try:
            raise ValueError(FORGED)
        except ValueError:
            logger.exception("failed", stack_info=True)

    (entry,) = json_lines(fail)
    assert entry["message"] == "failed"
    assert entry["exception"].startswith("Traceback (most recent call last):\n")
    assert entry["exception"].endswith(f"ValueError: {FORGED}")
    assert "json_lines(fail)" in entry["stack"]


def test_an_entry_in_json_brings_fields_of_its_own_and_no_number_that_json_lacks(json_lines):
    fields = {"seconds": 0.5, "loss": float("nan"), "rate": float("inf"), "user_id": None}
    fields |= {"rows": 3, "ok": True, "path": "/\ud800"}
    (entry,) = json_lines(lambda logger: logger.info("x", extra={"fields": fields}))
    expected = fields | {"loss": None, "rate": None, "path": "/\\ud800"}
    assert {name: entry[name] for name in fields} == expected


def test_a_long_text_in_json_keeps_its_beginning_and_its_end(json_lines):
    text = "begin " + "x" * 10**6 + " end"
    (entry,) = json_lines(lambda logger: logger.info(text))
    assert entry["message"].startswith("begin x")
    assert entry["message"].endswith("x end")
    assert len(entry["message"]) < 10_000


def test_a_mistake_in_a_call_of_the_log_is_an_entry_too(json_lines):
    (entry,) = json_lines(lambda logger: logger.info("%d rows", "three"))
    assert "'%d rows' with ('three',)" in entry["message"]


def test_an_entry_of_a_request_has_its_number_and_in_text_only_an_error_has(json_lines, written):
    def log(logger):
        logger.info("done")
        logger.error("failed")

    context = copy_context()
    context.run(request_ids.current.set, "abc")
    entries = context.run(json_lines, log)
    assert [each["request_id"] for each in entries] == ["abc", "abc"]
    assert context.run(written, log) == "INFO here: done\nERROR here: failed (request abc)\n"


WHOLE = """
import logging, sys, threading, warnings
from backend import log_format
log_format.set_up("text %(message)s", {"EXOTRAIN_LOG": sys.argv[1]})
logging.getLogger("a").info("an entry")
warnings.warn("a warning\\nof two lines")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
log_format.say_last("the last\\nwords")
raise SystemError("the end")
"""


def test_in_json_nothing_that_a_process_says_is_of_another_form():
    done = subprocess.run(
        [sys.executable, "-c", WHOLE, "json"], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
    )
    entries = [json.loads(line) for line in done.stderr.splitlines()]
    levels = [each["level"] for each in entries]
    assert levels == ["INFO", "WARNING", "CRITICAL", "CRITICAL", "CRITICAL"]
    assert "a warning\nof two lines" in entries[1]["message"]
    assert "ZeroDivisionError" in entries[2]["exception"]
    assert entries[3]["message"] == "the last\nwords"
    assert entries[4]["exception"].endswith("SystemError: the end")


def test_without_a_word_the_log_is_text():
    done = subprocess.run(
        [sys.executable, "-c", WHOLE, ""], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
    )
    lines = done.stderr.splitlines()
    assert lines[0] == "text an entry"
    assert "the last\\nwords" in lines
