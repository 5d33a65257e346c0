"""Answers that are found in threads: of which state they are."""

import threading

import pytest

from backend.services.studies.finder import Finder


@pytest.fixture
def busy():
    """Holds the threads of a finder until the test ends."""
    free = threading.Event()
    yield lambda tell: free.wait(30)
    free.set()


def test_an_answer_about_an_earlier_state_is_given_to_those_alone_who_take_one(busy):
    finder = Finder("answers")
    assert finder.of("key", 1, lambda tell: tell({"of": 1})) == {"of": 1}
    for other in ("a", "b"):
        assert finder.of(other, 1, busy, patience=0.01) is None
    assert finder.of("key", 2, lambda tell: tell({"of": 2})) is None
    assert finder.of("key", 2, lambda tell: None, may_be_earlier=True) == {"of": 1}
    assert finder.of("key", 1, lambda tell: None) == {"of": 1}


def test_what_failed_is_not_tried_again_at_each_request(monkeypatch):
    tried = []

    def fail(_tell):
        tried.append(1)
        raise OSError("the file of the test rows is damaged")

    finder = Finder("answers")
    for _ in range(3):
        assert finder.of("key", 1, fail) is None
    assert len(tried) == 1
    assert finder.of("key", 2, lambda tell: tell({"of": 2})) == {"of": 2}  # another state
    monkeypatch.setattr("backend.services.studies.finder.PAUSE_SECONDS", 0.0)
    for n in range(2, 4):
        assert finder.of("other", 1, fail) is None
        assert len(tried) == n
