"""What a row's relations mean, in sentences.

Matches are mostly the eclipse of one star in the light of others (Coughlin et al. 2014,
doi:10.1088/0004-6256/147/5/119); candidates in multiples are mostly planets (Lissauer et al. 2012,
doi:10.1088/0004-637X/750/2/112).
"""

from collections.abc import Mapping
from typing import Any

# Depths that differ by less are about the same.
SAME_DEPTH = 1.5

_GROUPED_FROM = 1000.0  # else three digits would be in powers of ten
_WHOLE_FROM = 10.0  # a ratio with fewer than two digits before the point has one behind it

_ARCMIN = "\u2032"
_ARCSEC_PER_ARCMIN = 60.0
_ARCSEC_PER_DEGREE = 3600.0


def name_or_line(other: Mapping[str, Any]) -> str:
    """What to call a related row, from the fields of `Other`."""
    return other["name"] or f"line {other['line']}"


def relation_sentences(relations: Mapping[str, Any]) -> list[str]:
    """What relations mean.

    Args:
        relations: NEIGHBOUR_COLUMNS, `sibling` and `match`, as `describe_relations` has them.
    """
    return [
        sentence
        for sentence in (_of_the_star(relations), _of_the_match(relations))
        if sentence is not None
    ]


def _of_the_star(relations: Mapping[str, Any]) -> str | None:
    count, sibling = relations["candidates_on_star"], relations["sibling"]
    if count is None:
        return None
    if not count:
        return "Its star has no other candidate."
    if sibling is None:
        return None
    ratio = _three_digits(relations["sibling_period_ratio"])
    name = _called(sibling)
    if count == 1:
        known = f"Its star has one other candidate, {name}, at a period ratio of {ratio}"
    else:
        known = (
            f"Its star has {count} other candidates, the nearest in period {name}, at a ratio of "
            f"{ratio}"
        )
    return f"{known}: candidates of such stars are more often planets."


def _of_the_match(relations: Mapping[str, Any]) -> str | None:
    count, match = relations["ephemeris_matches"], relations["match"]
    if count is None:
        return None
    if not count:
        return "No other star shares its ephemeris."
    if match is None:
        return None
    others = f" and {count - 1} more" if count > 1 else ""
    where = _away(relations["match_separation"])
    depth, meaning = _depth_and_meaning(relations["match_depth_ratio"])
    known = " and ".join(each for each in (where, depth) if each)
    return f"Shares its ephemeris with {_called(match)}{others}{known and f', {known}'}: {meaning}."


def _depth_and_meaning(ratio: float | None) -> tuple[str, str]:
    if ratio is None:
        return "", "one of them is probably contamination"
    if ratio >= SAME_DEPTH:
        return f"{_times(ratio)} times deeper", "probably contamination"
    if ratio <= 1 / SAME_DEPTH:
        return (
            f"{_times(1 / ratio)} times shallower",
            "probably an eclipse that contaminates the other",
        )
    return "about as deep", "probably both are contaminated by the same eclipse"


def _three_digits(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= _GROUPED_FROM else f"{ratio:.3g}"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= _WHOLE_FROM else f"{ratio:.2g}"


def _away(separation: float | None) -> str:
    if separation is None:
        return ""
    if separation < _ARCSEC_PER_ARCMIN:
        return f"{separation:.0f}″ away"
    if separation < _ARCSEC_PER_DEGREE:
        return f"{separation / _ARCSEC_PER_ARCMIN:.1f}{_ARCMIN} away"
    return f"{separation / _ARCSEC_PER_DEGREE:.1f}° away"


def _called(other: Mapping[str, Any]) -> str:
    name = name_or_line(other)
    return f"{name} (in the model's training table)" if other["in_training_table"] else name
