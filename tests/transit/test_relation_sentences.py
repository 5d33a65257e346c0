"""Relations in words: what an astronomer reads."""

import pytest

from backend.transit.columns import NEIGHBOUR_COLUMNS
from backend.transit.relation_sentences import relation_sentences

UNKNOWN = dict.fromkeys((*NEIGHBOUR_COLUMNS, "sibling", "match"))
OTHER = {"name": "K00123.01", "line": 9, "in_training_table": False, "row": 3}


def told(**relations):
    return relation_sentences({**UNKNOWN, **relations})


def told_match(count=1, **relations):
    (sentence,) = told(ephemeris_matches=count, match=OTHER, **relations)
    return sentence


def test_a_match_is_told_with_place_depth_and_meaning():
    assert told_match(match_separation=14.2, match_depth_ratio=40.4) == (
        "Shares its ephemeris with K00123.01, 14″ away and 40 times deeper: probably contamination."
    )


@pytest.mark.parametrize(
    ("ratio", "says"),
    [
        (1.5, "1.5 times deeper: probably contamination."),
        (2151.4, "2,151 times deeper: probably contamination."),
        (1.49, "about as deep: probably both are contaminated by the same eclipse."),
        (0.67, "about as deep: probably both are contaminated by the same eclipse."),
        (0.5, "2 times shallower: probably an eclipse that contaminates the other."),
        (None, "with K00123.01: one of them is probably contamination."),
    ],
)
def test_the_depth_of_the_match_decides_what_it_means(ratio, says):
    assert told_match(match_depth_ratio=ratio).endswith(says)


@pytest.mark.parametrize(
    ("arcsec", "says"),
    [(0.0, "0″ away"), (59.4, "59″ away"), (60.0, "1.0\u2032 away"), (36_000.0, "10.0° away")],
)
def test_a_distance_is_told_in_the_unit_that_suits_it(arcsec, says):
    assert f", {says}:" in told_match(match_separation=arcsec)


def test_further_matches_are_counted():
    assert "with K00123.01 and 3 more, about as deep" in told_match(4, match_depth_ratio=1.0)


def test_a_row_without_a_name_is_called_by_its_line_and_one_of_the_training_table_so():
    other = {**OTHER, "name": "", "in_training_table": True}
    (sentence,) = told(ephemeris_matches=1, match=other)
    assert "with line 9 (in the model's training table):" in sentence


def test_siblings_are_told_with_the_nearest_in_period():
    one = told(candidates_on_star=1, sibling=OTHER, sibling_period_ratio=2.0466)
    assert one == [
        "Its star has one other candidate, K00123.01, at a period ratio of 2.05: candidates of "
        "such stars are more often planets."
    ]
    (three,) = told(candidates_on_star=3, sibling=OTHER, sibling_period_ratio=1234.5)
    assert "has 3 other candidates, the nearest in period K00123.01, at a ratio of 1,234:" in three


def test_that_there_is_no_neighbour_is_told_and_what_is_unknown_is_not():
    assert told(candidates_on_star=0, ephemeris_matches=0) == [
        "Its star has no other candidate.",
        "No other star shares its ephemeris.",
    ]
    assert told() == []


def test_a_neighbour_that_is_not_named_is_not_denied():
    """Of more candidates on one star than are compared."""
    assert told(candidates_on_star=2, ephemeris_matches=2) == []
