"""Ten kill points of `make soak`, with the light trainer."""

from pathlib import Path

import pytest

from tests.soak.points import TARGETS, Point
from tests.soak.soak import soak

SEED = 7
POINTS = range(1, 11)


@pytest.mark.e2e
@pytest.mark.slow
def test_ten_kills_under_traffic_lose_nothing_and_leave_nothing(tmp_path: Path):
    done = soak(SEED, POINTS, "light", tmp_path)
    assert done.ended["completed"] > 0
    assert done.ledger.accepted > 0
    assert list(tmp_path.iterdir()) == []


def test_a_point_is_decided_by_its_seed_and_number():
    points = [Point.of(SEED, number, 1.5) for number in POINTS]
    assert points == [Point.of(SEED, number, 1.5) for number in POINTS]
    assert {each.target for each in points} == set(TARGETS)
    assert points != [Point.of(SEED + 1, number, 1.5) for number in POINTS]
