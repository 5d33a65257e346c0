"""A real worker that is sent what it does not understand."""

import os
import subprocess
import sys

import pytest

from backend import wire
from backend.config import REPOSITORY
from tests import messages

SECONDS = 120


@pytest.fixture
def worker(tmp_path):
    """Sends lines to a worker whose input stays open; gives its exit code and its log."""

    def worker(*lines):
        command = [sys.executable, "-m", "backend.worker", "--data-dir", str(tmp_path)]
        process = subprocess.Popen(
            [*command, "--parent", str(os.getpid())],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b"".join(lines))
        process.stdin.flush()
        log = process.stderr.read().decode()
        return process.wait(SECONDS), log

    return worker


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b"train please\n", "train please"),
        (b'{"kind": "train", "session_id": 1}\n', "session_id"),
        (wire.encode(messages.job()).replace(b'"epochs"', b'"epohcs"'), "epohcs"),
        (wire.encode(messages.failed()), "failed"),
        (b"\xff\n", "xff"),
    ],
)
def test_a_malformed_command_ends_the_worker_and_the_last_line_says_why(worker, line, named):
    code, log = worker(line)
    assert code == 2
    last = log.rstrip("\n").split("\n")[-1]
    assert "does not understand" in last
    assert named in last


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "commands",
    [
        [messages.request()],
        [wire.ServePredictions(), messages.job()],
    ],
)
def test_a_command_at_the_wrong_time_ends_the_worker_too(worker, commands):
    code, log = worker(*(wire.encode(command) for command in commands))
    assert code == 2
    assert "does not understand" in log.rstrip("\n").split("\n")[-1]


@pytest.mark.tensorflow
def test_a_worker_whose_session_is_over_ends_in_order_while_its_input_is_open(worker):
    code, log = worker(wire.encode(messages.job()))  # its table is missing
    assert "FileNotFoundError" in log
    assert "Fatal Python error" not in log
    assert code == 0
