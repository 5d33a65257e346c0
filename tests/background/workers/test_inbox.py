"""The inbox: everything is taken in order, but of the batches of a session only the last."""

from backend import wire
from backend.background.workers.inbox import Inbox
from tests import messages


def batch(done: int) -> wire.Batch:
    return wire.Batch(epoch=1, batches_done=done, batches=20)


def test_messages_are_taken_in_order():
    inbox = Inbox()
    inbox.put(1, 1, messages.epoch(1))
    inbox.put(2, 1, messages.epoch(1))
    assert inbox.take(5) == (1, 1, messages.epoch(1))
    assert inbox.take_waiting() == (2, 1, messages.epoch(1))
    assert inbox.take_waiting() is None
    assert inbox.take(0.01) is None


def test_of_the_batches_of_a_start_only_the_last_is_taken():
    inbox = Inbox()
    for done in (1, 2, 3):
        inbox.put(1, 1, batch(done))
        inbox.put(2, 1, batch(done))
    inbox.put(1, 2, batch(9))
    inbox.put(1, 1, messages.epoch(1))
    inbox.put(1, 1, batch(4))
    taken = [inbox.take(5), *iter(inbox.take_waiting, None)]
    assert taken == [
        (2, 1, batch(3)),
        (1, 2, batch(9)),
        (1, 1, messages.epoch(1)),
        (1, 1, batch(4)),
    ]


def test_who_is_woken_takes_nothing_and_loses_nothing():
    inbox = Inbox()
    inbox.wake()
    inbox.put(1, 1, batch(1))
    assert inbox.take(5) is None
    inbox.wake()
    assert inbox.take(5) == (1, 1, batch(1))
    assert inbox.take_waiting() is None
