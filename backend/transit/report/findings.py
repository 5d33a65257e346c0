"""Finds what deserves a second look in a table before a network is trained on it.

The report never removes rows; it only informs.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import COLUMNS, LABELS, NO_LABEL
from backend.transit.groups import Groups, groups_of
from backend.transit.keys import Keys, blocks, read_column, row_keys, star_keys
from backend.transit.report.wording import reading_warnings, warnings_of
from backend.transit.rows import Index, Rows
from backend.transit.solar import SOLAR_SLOGG

MAX_EXAMPLES = 20

# Of a table of which only the rows are known.
_NOTHING_READ: dict[str, Any] = {
    "lost_stars": 0,
    "units": [],
    "placeholders": [],
    "unknown_labels": {},
    "known_labels": {},
    "are_labels_binary": False,
    "similar": [],
    "unknown_units": [],
    "unread_evidence": [],
    "notes": [],
}

# Two rows of one star whose periods agree so well are the same transit.
SAME_PERIOD = 1e-3

# Shares of gaps that differ by more than this between classes, and not by chance, tell the label.
GAP_DIFFERENCE = 0.05
GAP_P_VALUE = 1e-3


@dataclass(frozen=True)
class Limit:
    """Values that are computed with, but that hardly any star or planet has.

    Attributes:
        name: of the check.
        columns: that it looks at.
        outside: which rows of a block are outside; NaN compares as inside.
        expected: the range in words.
    """

    name: str
    columns: tuple[str, ...]
    outside: Callable[[Rows], NDArray[np.bool_]]
    expected: str


def _beyond(name: str, low: float, high: float) -> Callable[[Rows], NDArray[np.bool_]]:
    return lambda rows: (rows[name] < low) | (rows[name] > high)


def _stellar_mass(rows: Rows) -> NDArray[np.float64]:
    """Solar masses, from g R^2."""
    return 10.0 ** (rows["slogg"] - SOLAR_SLOGG) * rows["srad"] ** 2


LIMITS = (
    Limit(
        "impact",
        ("impact",),
        _beyond("impact", 0.0, 2.0),
        "at most 2: farther out no body up to the star's size transits",
    ),
    Limit(
        "depth",
        ("depth",),
        _beyond("depth", 0.0, 1e6),
        "at most 1,000,000 ppm: a star cannot lose more than its light",
    ),
    Limit(
        "duration",
        ("duration", "period"),
        lambda rows: rows["duration"] > 12.0 * rows["period"],
        "at most half the period: more needs an orbit inside the star, or a very eccentric one",
    ),
    # Pecaut & Mamajek (2013), ApJS 208, 9: from late M dwarfs to early O stars.
    Limit("steff", ("steff",), _beyond("steff", 2_300.0, 50_000.0), "2,300 to 50,000 K"),
    Limit("srad", ("srad",), _beyond("srad", 0.08, 200.0), "0.08 to 200 solar radii"),
    Limit("slogg", ("slogg",), _beyond("slogg", 0.0, 5.6), "0 to 5.6, unless a compact star"),
    Limit(
        "stellar_mass",
        ("srad", "slogg"),
        lambda rows: (_stellar_mass(rows) < 0.05) | (_stellar_mass(rows) > 50.0),
        "srad and slogg of a star of 0.05 to 50 solar masses",
    ),
)


def report(
    table: Rows,
    rejections: dict[str, Any] | None = None,
    reading: dict[str, Any] | None = None,
    contradictory: Groups | None = None,
) -> dict[str, Any]:
    """Look at a table of accepted rows.

    Args:
        table: ROW_DTYPE, (n,), n at least 1; an array or a memory-mapped file, which is read
            column by column.
        rejections: from RejectionLog.summary(), the rows left out.
        reading: from Catalog.reading(), what is odd beside single rows.
        contradictory: stars with different labels, from `with_different_labels`, if known.

    Returns:
        JSON-able: `left_out`, {rows, of, most_often}; what the reading has; `class_balance`,
        `duplicates`, `contradictory_stars`, `contradictory_transits`, `missing_by_class`,
        `unphysical`, and `warnings`, the findings that call for action, most urgent first, each
        {code, message}. Examples are lines of the file, at most 20.
    """
    labels = read_column(table, "label")
    if contradictory is None:
        contradictory = with_different_labels(star_keys(table), labels)
    found: dict[str, Any] = {
        "left_out": _left_out(len(table), rejections or {"total": 0, "by_reason": {}}),
        **(_NOTHING_READ | (reading or {})),
        "class_balance": _class_balance(labels),
        "duplicates": _duplicates(table, labels),
        "contradictory_stars": _contradictory_stars(table, contradictory),
        "contradictory_transits": _contradictory_transits(table, labels, contradictory),
        "missing_by_class": _missing_by_class(table, labels),
        "unphysical": _unphysical(table),
    }
    return {**found, "warnings": warnings_of(found)}


def reading_report(
    accepted: int, rejections: dict[str, Any], reading: dict[str, Any]
) -> dict[str, Any]:
    """What is odd about the reading of a table whose labels do not matter.

    Args:
        accepted: the number of usable rows.
        rejections: from RejectionLog.summary(), the rows left out.
        reading: from Catalog.reading().

    Returns:
        JSON-able: `left_out` and `warnings`, as of `report`, and what the reading has.
    """
    found = {"left_out": _left_out(accepted, rejections), **(_NOTHING_READ | reading)}
    return {**found, "warnings": reading_warnings(found)}


def with_different_labels(keys: Keys, labels: NDArray[np.int8]) -> Groups:
    """The groups of rows with equal keys whose labels differ.

    Args:
        keys: from `star_keys`.
        labels: the label's code of each row.
    """
    groups = groups_of(keys)
    return groups.only(groups.have_different(labels))


def _left_out(accepted: int, rejections: dict[str, Any]) -> dict[str, Any]:
    reasons = rejections["by_reason"]
    return {
        "rows": rejections["total"],
        "of": accepted + rejections["total"],
        "most_often": max(reasons, key=reasons.__getitem__) if reasons else None,
    }


def _class_balance(labels: NDArray[np.int8]) -> dict[str, dict[str, Any]]:
    counts = _by_class(labels).tolist()
    total = max(sum(counts), 1)
    return {
        name: {"rows": count, "share": count / total}
        for name, count in zip(LABELS, counts, strict=True)
    }


def _duplicates(table: Rows, labels: NDArray[np.int8]) -> dict[str, Any]:
    """Rows that repeat an earlier one: star and all nine columns are equal."""
    groups = groups_of(row_keys(table))
    return {
        "rows": int((groups.lengths - 1).sum()),
        "contradictory_rows": int(groups.lengths[groups.have_different(labels)].sum()),
        "examples": [table["line"][group].tolist() for group in groups.first(MAX_EXAMPLES)],
    }


def _contradictory_stars(table: Rows, groups: Groups) -> dict[str, Any]:
    """Stars whose rows have different labels; a star may well have a planet and a false alarm."""
    return {
        "stars": len(groups.lengths),
        "rows": int(groups.lengths.sum()),
        "examples": [_example(table, group) for group in groups.first(MAX_EXAMPLES)],
    }


def _contradictory_transits(
    table: Rows, labels: NDArray[np.int8], groups: Groups
) -> dict[str, Any]:
    """Pairs of rows of one star with the same period and different labels."""
    rows, number = groups.members()
    period = read_column(table, "period")[rows]
    order = np.lexsort((period, number))
    rows, number, period = rows[order], number[order], period[order]
    label = labels[rows]
    known = (label[1:] != NO_LABEL) & (label[:-1] != NO_LABEL)
    same = (number[1:] == number[:-1]) & (np.diff(period) <= SAME_PERIOD * period[:-1])
    places = np.flatnonzero(same & known & (label[1:] != label[:-1]))
    pairs = [np.sort(rows[[place, place + 1]]) for place in places[:MAX_EXAMPLES]]
    return {"pairs": len(places), "examples": [_example(table, pair) for pair in pairs]}


def _example(table: Rows, group: NDArray[np.int32]) -> dict[str, Any]:
    rows = table[group[:MAX_EXAMPLES]]
    return {
        "star": rows["star"][0].decode("utf-8", "replace") or None,
        "lines": rows["line"].tolist(),
        "labels": [None if code == NO_LABEL else LABELS[code] for code in rows["label"]],
    }


def _missing_by_class(table: Rows, labels: NDArray[np.int8]) -> dict[str, dict[str, Any]]:
    """For each column with missing values, the share of rows without it, class by class."""
    rows = _by_class(labels)
    present = np.flatnonzero(rows)
    gaps = {name: np.zeros(len(LABELS), np.intp) for name in COLUMNS}
    has_gaps = dict.fromkeys(COLUMNS, False)
    for start, block in blocks(table):
        label = labels[start : start + len(block)]
        for name in COLUMNS:
            missing = np.isnan(block[name])
            if missing.any():
                has_gaps[name] = True
                gaps[name] += _by_class(label[missing])
    found = {}
    for name in COLUMNS:
        if has_gaps[name]:
            shares = (gaps[name][present] / rows[present]).tolist()
            found[name] = {
                "shares": dict(zip([LABELS[code] for code in present], shares, strict=True)),
                "differs": _differs(gaps[name][present], rows[present]),
            }
    return found


def _by_class(labels: NDArray[np.int8]) -> NDArray[np.intp]:
    """How many rows have each label."""
    return np.array([(labels == code).sum() for code in range(len(LABELS))], np.intp)


def _differs(gaps: NDArray[np.intp], rows: NDArray[np.intp]) -> bool:
    shares = gaps / rows if len(rows) else np.zeros(1)
    if len(rows) < 2 or np.ptp(shares) <= GAP_DIFFERENCE:
        return False
    return _chance(gaps, rows) < GAP_P_VALUE


def _chance(gaps: NDArray[np.intp], rows: NDArray[np.intp]) -> float:
    """The probability of shares this different, in two or three classes, by chance.

    Pearson's chi-squared test; with one degree of freedom its tail is a normal's, with two an
    exponential (Abramowitz & Stegun 1964, equations 26.4.4 and 26.4.5).
    """
    expected = rows * gaps.sum() / rows.sum()
    statistic = ((gaps - expected) ** 2 / expected).sum()
    statistic += ((gaps - expected) ** 2 / (rows - expected)).sum()
    if len(rows) == 2:
        return math.erfc(math.sqrt(statistic / 2))
    return math.exp(-statistic / 2)


def _unphysical(table: Rows) -> list[dict[str, Any]]:
    """The checks of LIMITS that some rows fail."""
    failing: dict[str, list[Index]] = {limit.name: [] for limit in LIMITS}
    for start, rows in blocks(table):
        for limit in LIMITS:
            failing[limit.name].append(start + np.flatnonzero(limit.outside(rows)))
    found = []
    for limit in LIMITS:
        rows_outside = np.concatenate(failing[limit.name])
        if len(rows_outside):
            found.append(
                {
                    "check": limit.name,
                    "columns": list(limit.columns),
                    "expected": limit.expected,
                    "rows": len(rows_outside),
                    "lines": table["line"][rows_outside[:MAX_EXAMPLES]].tolist(),
                }
            )
    return found
