"""What a client may call its request, and what is called otherwise."""

import pytest

from backend.request_ids import chosen


@pytest.mark.parametrize("sane", ["a", "7f3a-B.c_9", "x" * 64, "1" * 64])
def test_a_sane_number_of_the_client_is_kept(sane):
    assert chosen([sane]) == sane


@pytest.mark.parametrize(
    "received",
    [
        [],
        [""],
        ["x" * 65],
        ["x" * 60_000],
        ["a b"],
        ["a\n"],
        ["a\r\nSet-Cookie: x"],
        ['"},{"level":"CRITICAL'],
        ["\u0661"],  # a digit, but no ASCII
        ["é"],
        ["a", "b"],
    ],
)
def test_anything_else_gets_a_new_number(received):
    made = {chosen(received) for _ in range(20)}
    assert len(made) == 20
    assert all(len(each) == 16 and each.isalnum() for each in made)
