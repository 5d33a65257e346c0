"""What is kept in memory by what went into it."""

import threading

import pytest

from backend.services.studies.kept import Kept


def test_it_is_made_once():
    kept, made = Kept(), []
    for _ in range(2):
        assert kept.of("key", 1, lambda: made.append(1) or "found") == "found"
    assert (made, kept.find("key"), kept.find("other")) == ([1], "found", None)


def test_the_oldest_goes_where_there_is_no_room():
    kept = Kept(most_bytes=20)
    for key in "abc":
        kept.of(key, 8, key.upper)
    kept.find("b")
    kept.of("d", 8, lambda: "D")
    assert [kept.find(key) for key in "abcd"] == [None, "B", None, "D"]
    assert kept.of("large", 50, lambda: "too large") == "too large"
    assert kept.find("large") is None
    kept.of("b", 20, lambda: "B")  # the room of what has gone is free
    assert kept.find("b") == "B"


def test_two_threads_make_it_once():
    kept, made, found = Kept(), [], []
    begun, go_on = threading.Event(), threading.Event()

    def make():
        made.append(1)
        begun.set()
        go_on.wait(30)
        return "found"

    threads = [
        threading.Thread(target=lambda: found.append(kept.of("key", 1, make))) for _ in range(2)
    ]
    threads[0].start()
    assert begun.wait(30)
    threads[1].start()
    go_on.set()
    for each in threads:
        each.join(30)
    assert (made, found) == ([1], ["found", "found"])


def test_what_could_not_be_made_is_made_the_next_time():
    kept = Kept()

    def fail():
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        kept.of("key", 1, fail)
    assert kept.of("key", 1, lambda: "found") == "found"
