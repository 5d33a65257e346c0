"""Children that stand in for workers: they say what a test wants."""

import sys
from collections.abc import Callable

import pytest

from backend import wire
from backend.background import worker_process

# A child that answers its first command with these lines, then runs a given statement.
CHILD = """
import os, signal, sys, time
sys.stdin.readline()
sys.stdout.buffer.write({output!r})
sys.stdout.buffer.flush()
{ending}
"""
UNTIL_KILLED = "time.sleep(600)"


def lines(*events: wire.Event) -> bytes:
    """Events as a worker sends them."""
    return b"".join(wire.encode(event) for event in events)


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what the next children print and how they end."""

    def be(output: bytes, ending: str = "") -> None:
        script = CHILD.format(output=output, ending=ending)
        command = [sys.executable, "-c", script]
        monkeypatch.setattr(worker_process, "_command", lambda *_arguments: command)

    return be
