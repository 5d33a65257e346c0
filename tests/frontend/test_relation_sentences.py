"""The page says of relations what the server says."""

import itertools
import json
from typing import Any

from backend.config import REPOSITORY
from backend.transit.relation_sentences import relation_sentences
from tests.frontend.test_server_sentences import run_on_the_page

MODULE = REPOSITORY / "frontend" / "dataset-rows" / "relation-sentences.js"
WORDS = REPOSITORY / "tests" / "frontend" / "words.js"

UNKNOWN: dict[str, Any] = dict.fromkeys(
    (
        "candidates_on_star",
        "sibling_period_ratio",
        "sibling",
        "ephemeris_matches",
        "match",
        "match_separation",
        "match_depth_ratio",
    )
)


def other(in_training_table: bool) -> dict[str, Any]:
    return {"name": "K00123.01", "line": 7, "in_training_table": in_training_table, "row": 3}


def of_stars() -> list[dict[str, Any]]:
    counts, ratios = (0, 1, 2, 12), (1.0006, 2.05, 19.96)
    return [
        {**UNKNOWN, "candidates_on_star": count}
        | ({"sibling": other(known), "sibling_period_ratio": ratio} if count else {})
        for count, ratio, known in itertools.product(counts, ratios, (False, True))
    ]


def of_matches() -> list[dict[str, Any]]:
    counts, away = (0, 1, 2, 3), (None, 0, 14.3, 59.7, 61, 3601)
    depths = (None, 0.0001, 0.3, 2 / 3, 0.9, 1.2, 1.5, 9.96, 10.4, 4321.3)
    return [
        {**UNKNOWN, "ephemeris_matches": count, "match_separation": at, "match_depth_ratio": depth}
        | ({"match": other(known)} if count else {})
        for count, at, depth, known in itertools.product(counts, away, depths, (False, True))
    ]


def test_the_page_says_of_relations_what_the_server_says():
    cases = [UNKNOWN, *of_stars(), *of_matches()]
    said = run_on_the_page(
        MODULE,
        f'await import({json.dumps(WORDS.as_uri())}).then((words) => words.speak("en")).then(() => '
        f"{json.dumps(cases)}.map((each) => page.relationSentences(each).map(({{ parts }}) => "
        'parts.map((part) => part.name ?? part).join(""))))',
    )
    assert said == [
        [sentence.replace("'", "\u2019") for sentence in relation_sentences(case)] for case in cases
    ]
