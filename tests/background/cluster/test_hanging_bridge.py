"""A bridge that reads nothing any more holds up nobody but who tells it something."""

import threading

import pytest

from backend import wire
from backend.background.cluster.ray_runner import RayRunner
from backend.config import Settings
from backend.troubles import Troubles
from tests import messages

NEEDS = wire.Needs(cpus=1, gpus=0, memory_mb=None)

_SECONDS = 10.0


class HangingBridge:
    """Takes a job; the next command is not read until the bridge is killed."""

    def __init__(self):
        self.is_asked, self.is_killed = threading.Event(), threading.Event()

    def send_at_once(self, _message):
        return True

    def send(self, _message):
        self.is_asked.set()
        assert self.is_killed.wait(_SECONDS)

    def kill(self):
        self.is_killed.set()


@pytest.fixture
def runner(tmp_path):
    settings = Settings(data_dir=tmp_path, runner="ray", threads=1)
    return RayRunner(settings, lambda *_event: None, Troubles())


def test_what_users_ask_is_answered_while_a_bridge_does_not_take_a_command(runner):
    bridge = runner._bridge = HangingBridge()
    runner.start(messages.job())
    asking = threading.Thread(target=runner.request, args=(1, "cancel"), daemon=True)
    asking.start()
    assert bridge.is_asked.wait(_SECONDS)
    answered = threading.Event()

    def ask():
        for each in (runner.why_waiting, runner.place_for, runner.most_at_once):
            each(NEEDS)
        runner.node_of(1)
        assert runner.cluster.unreachable is not None
        answered.set()

    threading.Thread(target=ask, daemon=True).start()
    assert answered.wait(_SECONDS / 2)
    assert asking.is_alive()
    runner.close()  # kills it
    asking.join(_SECONDS)
    assert not asking.is_alive()
