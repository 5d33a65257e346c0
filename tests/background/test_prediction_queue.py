"""Whose turn it is at the predictor."""

import itertools

import pytest

from backend.background import prediction_queue
from backend.background.prediction_queue import Order, PredictionQueue, QueueFull
from backend.transit.columns import ROW_DTYPE
from tests import messages

CHUNK = 512

_IDS = itertools.count()


@pytest.fixture
def waiting():
    return PredictionQueue()


def order(user_id, rows=1, sha256="s"):
    packed = bytes(rows * ROW_DTYPE.itemsize)
    return Order(
        messages.request(id=next(_IDS), sha256=sha256, rows=packed),
        user_id,
    )


def taken(waiting, count):
    return [waiting.next() for _ in range(count)]


def test_users_take_turns_and_each_is_served_in_order(waiting):
    orders = [order(user_id, CHUNK) for user_id in (1, 1, 1, 2, 3, 3)]
    for each in orders:
        waiting.add(each)
    a1, a2, a3, b1, c1, c2 = orders
    assert taken(waiting, 6) == [a1, b1, c1, a2, c2, a3]


def test_a_single_prediction_goes_before_every_chunk_that_waits(waiting):
    for user_id in range(8):
        waiting.add(order(user_id, CHUNK))
    single = order(0)
    waiting.add(single)
    assert waiting.next() is single


def test_many_single_predictions_do_not_hold_up_a_catalogue_for_ever(waiting):
    chunk = order(1, CHUNK)
    waiting.add(chunk)
    for _ in range(20):
        waiting.add(order(2))
    assert chunk in taken(waiting, 9)


def test_beyond_the_bounds_an_order_is_refused_and_a_catalogue_that_is_half_done_is_not(
    waiting, monkeypatch
):
    monkeypatch.setattr(prediction_queue, "MOST_WAITING", 3)
    monkeypatch.setattr(prediction_queue, "MOST_WAITING_OF_USER", 2)
    waiting.add(order(1))
    waiting.add(order(1, CHUNK))
    with pytest.raises(QueueFull, match="2 of your predictions"):
        waiting.add(order(1))
    waiting.add(order(2))
    with pytest.raises(QueueFull, match="3 predictions"):
        waiting.add(order(3))
    waiting.add(order(3, CHUNK), is_continued=True)
    taken(waiting, 2)
    waiting.add(order(3))


def test_an_order_that_is_withdrawn_leaves_its_place(waiting, monkeypatch):
    monkeypatch.setattr(prediction_queue, "MOST_WAITING", 1)
    for _ in range(3):
        withdrawn = order(1)
        waiting.add(withdrawn)
        waiting.withdraw(withdrawn)
    kept = order(2)
    waiting.add(kept)
    assert waiting.next() is kept
    waiting.withdraw(kept)  # it has been taken already
    assert not kept.is_wanted


def test_a_model_is_loaded_in_advance_when_nobody_waits_and_only_as_many_as_are_kept(waiting):
    preloads = [order(0, 0, str(number)) for number in range(6)]
    for each in preloads:
        waiting.add_preload(each)
    chunk = order(1, CHUNK)
    waiting.add(chunk)
    assert taken(waiting, 5) == [chunk, *preloads[2:]]


def test_closing_ends_the_queue_and_returns_who_still_waits(waiting):
    left = [order(1), order(2, CHUNK)]
    for each in left:
        waiting.add(each)
    assert waiting.close() == left
    assert waiting.next() is None
