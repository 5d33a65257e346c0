"""What the other rows of a table, and its uncertainties, say of a row; never from a label.

Candidates that share a star are more often planets (Lissauer et al. 2012,
doi:10.1088/0004-637X/750/2/112); one that shares its ephemeris with another star is mostly the
eclipse of that star, or both are the eclipse of a third (Coughlin et al. 2014,
doi:10.1088/0004-6256/147/5/119).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backend.transit.columns import RELATION_COLUMNS
from backend.transit.ephemerides import (
    SIGMAS,
    Ephemerides,
    ephemerides_of,
    find_matches,
    no_evidence,
    separation,
)
from backend.transit.rows import Index, Rows
from backend.transit.split_groups import joined, stars_of
from backend.transit.unrelated import is_star_known, relate_uncertainties

Floats = NDArray[np.float64]

ARCSEC_PER_DEGREE = 3600.0

# Two candidates of one star with these periods, whose transits are not known to be apart, are one:
# equal within this, or so many standard deviations but not more than the other part.
SAME_PERIOD = 1e-4
LOOSEST_PERIOD = 1e-2

# More candidates than this "on one star": the rows have no star but the same few stellar values.
MOST_ON_A_STAR = 50

# Rows of one star that are compared: each candidate may be there twice, once in each of two tables.
_MOST_COMPARED = 2 * MOST_ON_A_STAR


class Relations(NamedTuple):
    """The relations of n rows.

    Attributes:
        values: float64, (n, 14), in the order of RELATION_COLUMNS, NaN where unknown: how many
            other candidates the star has; the ratio of the periods of the row and of the sibling
            that is nearest in period, the longer over the shorter; how many candidates of other
            stars share the ephemeris; and of the deepest of these the distance, how many times
            deeper it is, and its magnitude minus the row's; the uncertainties.
        sibling, match: intp, (n,), the rows that these are; -1: none.
    """

    values: Floats
    sibling: Index
    match: Index


def find_relations(
    table: Rows, evidence: Rows | None, known: tuple[Rows, Rows] | None = None
) -> Relations:
    """Relate the rows of a table to each other, and to those of another one.

    Rows of one star with one ephemeris are one signal: never each other's neighbours, and counted
    once by others. That holds across both tables, where a star is recognised by its identifier, its
    place or its values, and a candidate by its name too.

    Args:
        table: ROW_DTYPE, (n,); all rows, with a label or without.
        evidence: EVIDENCE_DTYPE, (n,), or None.
        known: ROW_DTYPE and EVIDENCE_DTYPE, (m,), of rows that are neighbours too.

    Returns:
        The relations of the n rows; the row n + i is the i-th of the known ones.
    """
    if evidence is None:
        evidence = no_evidence(len(table))
    rows = len(table)
    named = np.zeros(0, np.intp), np.zeros(0, np.intp)
    if known is not None:
        one, other = _pairs_of_one_name(evidence["name"], known[1]["name"])
        named = one, other + rows
        table = np.concatenate([table, known[0]])
        evidence = np.concatenate([evidence, known[1]])
    found = _relate(table, evidence, named)
    return Relations._make(each[:rows] for each in found)


def _pairs_of_one_name(
    names: NDArray[np.bytes_], others: NDArray[np.bytes_]
) -> tuple[Index, Index]:
    """The places of candidates that have the same name in two tables, and no other row has it."""
    one, other = _only_ones(names), _only_ones(others)
    _, first, second = np.intersect1d(
        names[one], others[other], assume_unique=True, return_indices=True
    )
    return one[first], other[second]


def _only_ones(names: NDArray[np.bytes_]) -> Index:
    values, places, counts = np.unique(names, return_index=True, return_counts=True)
    return places[(counts == 1) & (values != b"")]


def _relate(table: Rows, evidence: Rows, named: tuple[Index, Index]) -> Relations:
    """Relate rows to each other; `named` are pairs of rows that are known to be one signal."""
    star = stars_of(table, evidence)
    star = joined(int(star.max()) + 1 if len(star) else 0, star[named[0]], star[named[1]])[star]
    ephemerides = ephemerides_of(table, evidence, star)
    pairs = _pairs_on_a_star(star)
    same = _are_one_signal(ephemerides, *pairs)
    signal = joined(
        len(table),
        np.concatenate([pairs[0][same], named[0]]),
        np.concatenate([pairs[1][same], named[1]]),
    )
    values = np.full((len(table), len(RELATION_COLUMNS)), np.nan)
    columns = {name: values[:, i] for i, name in enumerate(RELATION_COLUMNS)}
    sibling = _relate_siblings(table, star, signal, pairs, columns)
    match = _relate_matches(table, ephemerides, signal, columns)
    relate_uncertainties(table, evidence, columns)
    return Relations(values, sibling, match)


def _pairs_on_a_star(star: Index) -> tuple[Index, Index]:
    """All pairs of rows that share a star, but for the largest ones."""
    order = np.argsort(star, kind="stable")
    ordered = star[order]
    sizes = np.bincount(star) if len(star) else np.zeros(0, np.intp)
    few = (sizes <= _MOST_COMPARED)[ordered] if len(star) else np.zeros(0, bool)
    order, ordered = order[few], ordered[few]
    found = list(_at_distances(order, ordered))
    none = np.zeros(0, np.intp)
    return (
        np.concatenate([none, *(one for one, _ in found)]),
        np.concatenate([none, *(other for _, other in found)]),
    )


def _at_distances(order: Index, ordered: Index) -> Iterator[tuple[Index, Index]]:
    for distance in range(1, _MOST_COMPARED):
        together = np.flatnonzero(ordered[distance:] == ordered[:-distance])
        if not len(together):
            return
        yield order[together], order[together + distance]


def _are_one_signal(ephemerides: Ephemerides, one: Index, other: Index) -> NDArray[np.bool_]:
    """Whether rows of a star are one signal: equal periods, transits that are not known apart."""
    period = ephemerides.period[one]
    difference = np.abs(ephemerides.period[other] - period)
    errors = (np.nan_to_num(ephemerides.period_err[each]) for each in (one, other))
    tolerance = np.clip(SIGMAS * np.hypot(*errors) / period, SAME_PERIOD, LOOSEST_PERIOD)
    elapsed = ephemerides.epoch[other] - ephemerides.epoch[one]
    cycles = np.rint(elapsed / period)
    window = np.fmax(ephemerides.duration[one], ephemerides.duration[other])
    window = window + np.abs(cycles) * difference
    are_apart = np.abs(elapsed - cycles * period) > window  # unknown epochs are not
    return (difference <= tolerance * period) & ~are_apart


def _relate_siblings(
    table: Rows,
    star: Index,
    signal: Index,
    pairs: tuple[Index, Index],
    columns: dict[str, Floats],
) -> Index:
    """Fill in what the star's other candidates say; the nearest of each row, or -1."""
    signals = pd.Series(signal).groupby(star).transform("nunique").to_numpy()
    is_known = is_star_known(table, star) & (signals <= MOST_ON_A_STAR)
    columns["candidates_on_star"][is_known] = signals[is_known] - 1.0
    apart = (signal[pairs[0]] != signal[pairs[1]]) & (signals[pairs[0]] <= MOST_ON_A_STAR)
    one, other = (each[apart] for each in pairs)
    ratio = np.abs(np.log(table["period"][one]) - np.log(table["period"][other]))
    nearest = (
        pd.DataFrame(
            {
                "row": np.concatenate([one, other]),
                "sibling": np.concatenate([other, one]),
                "ratio": np.concatenate([ratio, ratio]),
            }
        )
        .sort_values(["row", "ratio", "sibling"], kind="stable")
        .drop_duplicates("row")
    )
    rows = nearest["row"].to_numpy()
    columns["sibling_period_ratio"][rows] = np.exp(nearest["ratio"].to_numpy())
    sibling = np.full(len(table), -1)
    sibling[rows] = nearest["sibling"].to_numpy()
    return sibling


def _relate_matches(
    table: Rows, ephemerides: Ephemerides, signal: Index, columns: dict[str, Floats]
) -> Index:
    """Fill in what candidates with the same ephemeris say; the deepest of each row, or -1.

    One row stands for each signal, the deepest that has an epoch: rows of it twice would be four
    times the pairs that are chance.
    """
    match = np.full(len(table), -1)
    has_epoch = np.flatnonzero(np.isfinite(ephemerides.epoch))
    if not len(has_epoch):
        return match
    keys = ephemerides.epoch, ephemerides.period, -table["depth"], signal
    ordered = has_epoch[np.lexsort([each[has_epoch] for each in keys])]
    _, first = np.unique(signal[ordered], return_index=True)
    chosen = ordered[first]
    signal_of = np.searchsorted(signal[chosen], signal[has_epoch])
    matches = find_matches(Ephemerides._make(each[chosen] for each in ephemerides))
    if matches.tolerance is None:
        return match
    found = pd.DataFrame(
        {
            "signal": np.concatenate([matches.first, matches.second]),
            "match": np.concatenate([matches.second, matches.first]),
        }
    )
    found["depth"] = table["depth"][chosen[found["match"].to_numpy()]]
    found = found.drop_duplicates(["signal", "match"])
    found = found.sort_values(["signal", "depth", "match"], ascending=[True, False, True])
    counts = np.bincount(found["signal"], minlength=len(chosen))
    deepest = found.drop_duplicates("signal")
    match_of = np.full(len(chosen), -1)
    match_of[deepest["signal"].to_numpy()] = chosen[deepest["match"].to_numpy()]
    columns["ephemeris_matches"][has_epoch] = counts[signal_of]
    match[has_epoch] = match_of[signal_of]
    row = np.flatnonzero(match >= 0)
    other = match[row]
    places = (ephemerides.ra, ephemerides.dec)
    distance = separation(*(each[row] for each in places), *(each[other] for each in places))
    columns["match_separation"][row] = distance * ARCSEC_PER_DEGREE
    columns["match_depth_ratio"][row] = table["depth"][other] / table["depth"][row]
    columns["match_magnitude_difference"][row] = table["tmag"][other] - table["tmag"][row]
    return match
