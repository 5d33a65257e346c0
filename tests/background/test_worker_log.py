"""The output of child processes, and the part of it that reaches the server's standard error."""

import json
import os
import subprocess
import sys
import threading

import pytest

from backend import log_format
from backend.background.worker_log import filtered_stderr, pass_on

SECONDS = 60

# As TensorFlow 2.21 printed them.
HARMLESS = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    "I0000 00:00:1795637883.503869   18483 cudart_stub.cc:31] Could not find cuda drivers on your "
    "machine, GPU will not be used.\n"
    "E0000 00:00:1795637925.978978   18483 cuda_platform.cc:52] failed call to cuInit: INTERNAL: "
    "CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)\n"
    "E0000 00:00:9.1 7 cuda_platform.cc:60] failed call to cuInit: INTERNAL: "
    "CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)\n"
)

# Like them, but with news.
OTHER = (
    "E0000 00:00:1795637925.978978   18483 cuda_platform.cc:52] failed call to cuInit: INTERNAL: "
    "CUDA error: Failed call to cuInit: UNKNOWN ERROR (999)\n"
    "E0000 00:00:1795637925.978978   18483 cuda_platform.cc:52] failed call to cuInit: INTERNAL: "
    "CUDA error: Failed call to cuInit: UNKNOWN ERROR (303); out of memory\n"
    "F0000 00:00:1795637925.978978   18483 cuda_platform.cc:52] failed call to cuInit: INTERNAL: "
    "CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)\n"
    "worker 5: session 3 failed: Could not find cuda drivers on your machine, GPU will not be "
    "used.\n"
    "\n"
    '  File "é.py", line 1, in <module>\n'
)


@pytest.fixture
def logged(capfd):
    """Runs Python in a child; gives what reached standard error."""

    def logged(code):
        command = [sys.executable, "-c", f"import os, signal, sys\n{code}"]
        child = subprocess.Popen(command, stderr=subprocess.PIPE)
        assert child.stderr is not None
        copying = pass_on(child.stderr, "log of a child")
        child.wait(SECONDS)
        copying.join(SECONDS)
        assert not copying.is_alive()
        return capfd.readouterr().err

    return logged


def test_harmless_lines_are_left_out_and_every_other_line_passes(logged):
    mixed = "".join(
        harmless + other
        for harmless, other in zip(
            [*HARMLESS.splitlines(keepends=True), "", ""],
            OTHER.splitlines(keepends=True),
            strict=True,
        )
    )
    assert logged(f"os.write(2, {mixed.encode()!r})") == OTHER


def test_the_last_words_of_a_killed_child_arrive_though_no_line_ended(logged):
    code = f"os.write(2, {HARMLESS.encode()!r} + b'last wor'); os.kill(os.getpid(), signal.SIGKILL)"
    assert logged(code) == "last wor"


def test_a_line_that_comes_in_pieces_is_known_as_a_whole(logged):
    code = f"for byte in {HARMLESS.encode()!r}: os.write(2, bytes([byte]))\nos.write(2, b'end')"
    assert logged(code) == "end"


def test_a_flood_of_lines_arrives_whole_and_in_order(logged):
    code = "for number in range(200_000): print(number, file=sys.stderr)"
    assert logged(code) == "".join(f"{number}\n" for number in range(200_000))


def test_a_flood_without_a_line_break_arrives_whole(logged):
    assert logged("sys.stderr.write('.' * 5_000_000)") == "." * 5_000_000


def test_a_child_does_not_wait_for_a_log_that_is_not_read():
    code = (
        "import os, subprocess, sys\n"
        "from backend.background.worker_log import pass_on\n"
        "flood = 'import os; [os.write(2, bytes(99)) for _ in range(10_000)]'\n"
        "command = [sys.executable, '-c', flood]\n"
        "child = subprocess.Popen(command, stderr=subprocess.PIPE)\n"
        "pass_on(child.stderr, 'log').join()\n"
        "print(child.wait())\n"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    assert server.stderr is not None
    server.stderr.close()
    assert server.stdout.read() == "0\n"
    server.wait(SECONDS)


def test_this_process_s_own_lines_are_filtered_within_the_block_and_only_there(capfd):
    with filtered_stderr():
        os.write(2, (HARMLESS + OTHER).encode())
        os.write(2, b"no line break")
    os.write(2, b"\n" + HARMLESS.encode())
    expected = OTHER + "no line break\n" + HARMLESS
    assert capfd.readouterr().err == expected


def test_lines_are_not_lost_when_the_block_fails_or_two_threads_filter_at_once(capfd):
    def fail(number):
        with filtered_stderr():
            os.write(2, f"line {number}\n".encode())
            raise KeyError(number)

    def run(number):
        with pytest.raises(KeyError):
            fail(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(capfd.readouterr().err.split("\n")) == sorted(
        ["", *(f"line {number}" for number in range(20))]
    )


def test_a_child_can_neither_move_the_cursor_nor_write_a_line_like_the_servers(logged):
    said = "one\rtwo \x1b[2K three\u2028four \x85\n2026-11-25 23:00:00,000 INFO backend: forged\n"
    assert logged(f"os.write(2, {said.encode()!r} + b'\\xff\\r\\n')") == (
        "one\\rtwo \\x1b[2K three\\u2028four \\x85\n"
        "    2026-11-25 23:00:00,000 INFO backend: forged\n"
        "\\xff\n"
    )


@pytest.fixture
def as_json(monkeypatch):
    """The server's log is JSON."""
    monkeypatch.setattr(log_format, "is_json", lambda: True)


@pytest.fixture
def entries(as_json, capfd):
    """Lets a child of process number 7 print some bytes; the entries that the log then has."""

    def entries(printed):
        reading, writing = os.pipe()
        copying = pass_on(os.fdopen(reading, "rb"), "log of a child", worker=7)
        with os.fdopen(writing, "wb") as output:
            output.write(printed)
        copying.join(SECONDS)
        return [json.loads(line) for line in capfd.readouterr().err.splitlines()]

    return entries


def test_where_the_log_is_json_a_workers_entries_keep_their_fields_and_name_the_worker(entries):
    own = {"time": "2026-11-27T20:30:14.290Z", "level": "ERROR", "logger": "worker"}
    own |= {"message": "failed", "exception": "Traceback\n  é"}
    assert entries(log_format.json_line(own).encode() + b"\n") == [own | {"worker": 7}]


def test_where_the_log_is_json_whatever_else_a_worker_prints_is_the_message_of_an_entry(entries):
    printed = (HARMLESS + OTHER).encode() + b"\xff\x1b[2J\x00 without an end"
    messages = [each["message"] for each in entries(printed)]
    assert messages == [*OTHER.splitlines(), "\\xff\x1b[2J\x00 without an end"]


def test_where_the_log_is_json_no_line_of_a_worker_passes_for_the_servers(entries):
    forged = {"time": "now", "level": "CRITICAL", "logger": "backend.launcher", "message": "x"}
    forged |= {"worker": None, "request_id": "r", "user_id": 1}
    lines = [json.dumps(forged), '{"level": 1}', "[" * 60_000, "9" * 60_000, '"x"', "{}"]
    found = entries("\n".join(lines).encode())
    assert len(found) == len(lines)
    assert {each["worker"] for each in found} == {7}
    assert not any("request_id" in each or "user_id" in each for each in found)


def test_where_the_log_is_json_the_servers_own_lines_pass_the_filter_as_they_are(as_json, capfd):
    own = {"time": "t", "level": "INFO", "logger": "a", "message": "m", "request_id": "r"}
    with filtered_stderr():
        os.write(2, log_format.json_line(own).encode() + b"\n" + HARMLESS.encode())
    assert [json.loads(line) for line in capfd.readouterr().err.splitlines()] == [own]
