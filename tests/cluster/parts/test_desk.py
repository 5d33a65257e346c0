"""What a start of a session is told when it asks whether it goes on."""

import pytest

from backend.cluster.desk import Desk


@pytest.fixture
def desk():
    desk = Desk()
    desk.begin(7, 2)
    return desk


def test_a_start_goes_on_until_it_is_asked_to_end(desk):
    assert desk.answer(7, 2) == "go on"
    desk.request(7, 2, "stop")
    assert desk.answer(7, 2) == "stop"
    desk.request(7, 2, "cancel")
    assert desk.answer(7, 2) == "end"


@pytest.mark.parametrize("start", [1, 3])
def test_another_start_ends(desk, start):
    assert desk.answer(7, start) == "end"
    desk.request(7, start, "cancel")
    desk.forget(7, start)
    assert desk.answer(7, 2) == "go on"


def test_a_new_start_ends_the_older_one_and_knows_nothing_of_what_that_was_asked(desk):
    desk.request(7, 2, "stop")
    desk.begin(7, 3)
    assert desk.answer(7, 2) == "end"
    assert desk.answer(7, 3) == "go on"


def test_a_session_that_has_ended_or_is_unknown_ends(desk):
    desk.request(7, 2, "stop")
    desk.forget(7, 2)
    assert desk.answer(7, 2) == "end"
    assert desk.answer(8, 1) == "end"
    desk.begin(7, 2)
    assert desk.answer(7, 2) == "go on"
