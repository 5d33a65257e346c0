"""What may not stand on both sides of a split: one star, equal rows, one shared eclipse."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS, STAR_FEATURES
from backend.transit.ephemerides import Matches, count_compared, ephemerides_of, find_matches
from backend.transit.groups import groups_of
from backend.transit.keys import read_column, read_columns, row_keys, star_groups
from backend.transit.places import pairs_at_one_place
from backend.transit.rows import Index, Rows

# A group with more than this part of the rows is told: a part of the split depends on it.
LARGE = 0.02

# Of a table whose groups are found in about 0.2 s. Pairs are many where many rows have one period;
# the KOI table has 7,350 rows and 7,771 pairs, and takes 0.04 s.
_QUICK_ROWS = 20_000
_QUICK_PAIRS = 200_000


class RowGroups(NamedTuple):
    """The groups of a table.

    Attributes:
        number: intp, (n,), equal for rows of one group.
        star: intp, (n,), equal for rows of one star, and for equal rows.
        twins: how many rows are equal to another one in all nine columns.
        matches: rows that share an ephemeris; None where the table has no epochs.
    """

    number: Index
    star: Index
    twins: int
    matches: Matches | None


def row_groups(table: Rows, evidence: Rows | None) -> RowGroups:
    """Group the rows of a table: by star, by equal rows, by place, by shared ephemeris.

    Whatever belongs together over a third row is one group too.

    Args:
        table: ROW_DTYPE, (n,), may be a memory-mapped file.
        evidence: EVIDENCE_DTYPE, (n,), or None.
    """
    star, twins = _stars_and_twins(table)
    if evidence is not None:
        star = _joined_by_place(star, evidence)
    if evidence is None or not np.isfinite(read_column(evidence, "epoch")).any():
        return RowGroups(star, star, twins, None)
    matches = find_matches(ephemerides_of(table, evidence, star))
    number = joined(_count(star), star[matches.first], star[matches.second])[star]
    return RowGroups(number, star, twins, matches)


def are_found_quickly(table: Rows, evidence: Rows | None) -> bool:
    """Whether the groups of a table are found well within a second.

    Args:
        table: ROW_DTYPE, (n,), may be a memory-mapped file.
        evidence: EVIDENCE_DTYPE, (n,), or None.
    """
    if len(table) > _QUICK_ROWS:
        return False
    return evidence is None or (
        count_compared(read_column(table, "period"), read_column(evidence, "epoch")) <= _QUICK_PAIRS
    )


def stars_of(table: Rows, evidence: Rows) -> Index:
    """The number of each row's star: intp, (n,).

    Rows that are equal, and rows at one place in the sky, are of one star.

    Args:
        table: ROW_DTYPE, (n,).
        evidence: EVIDENCE_DTYPE, (n,).
    """
    return _joined_by_place(_stars_and_twins(table)[0], evidence)


def _joined_by_place(star: Index, evidence: Rows) -> Index:
    one, other = pairs_at_one_place(read_column(evidence, "ra"), read_column(evidence, "dec"))
    return joined(_count(star), star[one], star[other])[star]


def _stars_and_twins(table: Rows) -> tuple[Index, int]:
    """The stars, and how many rows are equal to another one in all nine columns."""
    star = star_groups(read_columns(table, ("star", *STAR_FEATURES)))
    equal, place = groups_of(row_keys(table, with_star=False)).members()
    first_of = equal[np.searchsorted(place, np.arange(place[-1] + 1 if len(place) else 0))]
    return joined(_count(star), star[equal], star[first_of[place]])[star], len(equal)


def _count(numbers: Index) -> int:
    return int(numbers.max()) + 1 if len(numbers) else 0


def describe_groups(groups: RowGroups, usable: Index, labels: NDArray[np.int8]) -> dict[str, Any]:
    """What the evaluation says of the groups.

    Args:
        groups: of a table.
        usable: the rows that are split: intp, increasing.
        labels: of these rows.

    Returns:
        JSON-able: `rows`, `stars` and `groups`, how many there are; `largest`, `rows` and `share`
        of the largest group, its `labels` (the number of rows of each) and `is_large`; `twins`,
        rows that have an equal one; `shared_ephemerides`, None without epochs, else `rows` that
        share theirs with another star, of which `chance_rows` would do so by chance, and
        `period_tolerance`, None where every tolerance would give too many by chance.
    """
    number = groups.number[usable]
    sizes = np.bincount(number)
    largest = int(sizes.argmax())
    share = float(sizes[largest] / len(number))
    counts = np.bincount(labels[number == largest], minlength=len(LABELS)).tolist()
    matches = groups.matches
    return {
        "rows": len(number),
        "stars": len(np.unique(groups.star[usable])),
        "groups": int((sizes > 0).sum()),
        "largest": {
            "rows": int(sizes[largest]),
            "share": share,
            "labels": dict(zip(LABELS, counts, strict=True)),
            "is_large": share > LARGE,
        },
        "twins": groups.twins,
        "shared_ephemerides": None
        if matches is None
        else {
            "rows": matches.rows,
            "chance_rows": matches.chance_rows,
            "period_tolerance": matches.tolerance and list(matches.tolerance),
        },
    }


def joined(count: int, one: Index, other: Index) -> Index:
    """The least number that each of `count` numbers is joined to, over any others: intp.

    Source: hooking and pointer jumping, Shiloach & Vishkin (1982),
    doi:10.1016/0196-6774(82)90008-6.
    """
    root = np.arange(count)
    while True:
        least = np.minimum(root[one], root[other])
        before = root.copy()
        np.minimum.at(root, before[one], least)
        np.minimum.at(root, before[other], least)
        while not np.array_equal(root, root[root]):
            root = root[root]
        if np.array_equal(root, before):
            return root
