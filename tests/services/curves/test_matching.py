"""Rows of a dataset and light curves of a set: whose numbers are whose."""

import numpy as np
import pytest

from backend.light_curves.missions import mission_of_star
from backend.services.curves.matching import stars_of_other_missions
from backend.storage.curve_sets.records import INDEX_DTYPE

SEGMENTS = [("1", "kepler"), ("2", "tess"), ("2", "tess"), ("3", "tess"), ("3", "kepler")]
SEGMENTS += [("4", ""), ("5", "tess"), ("5", ""), ("6", "k2"), ("7", "tess")]


@pytest.mark.parametrize(
    ("source", "expected"), [("koi", 2), ("toi", 2), ("k2", 3), ("exotrain", 0)]
)
def test_stars_with_light_curves_of_other_missions_alone_are_counted(source: str, expected: int):
    index = np.zeros(len(SEGMENTS), INDEX_DTYPE)
    index["star"], index["mission"] = np.array(SEGMENTS, "S48").T
    named = np.array([b"1", b"2", b"3", b"4", b"5", b"6", b"8"])
    assert stars_of_other_missions(index, source, named) == expected


@pytest.mark.parametrize(
    ("star", "mission"),
    [
        *(("KIC 7", b"kepler"), (" epic-7", b"k2"), ("tic7", b"tess"), ("TIC", b"tess")),
        *(("7", None), ("Tico 7", None), ("WASP-4", None), ("", None)),
    ],
)
def test_the_catalogue_that_a_star_is_named_by_tells_the_mission(star: str, mission: bytes | None):
    assert mission_of_star(star) == mission
