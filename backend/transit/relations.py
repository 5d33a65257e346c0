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

from backend.transit.columns import RELATION_COLUMNS, STAR_FEATURES
from backend.transit.ephemerides import (
    HOURS_PER_DAY,
    Ephemerides,
    Matches,
    ephemerides_of,
    find_matches,
    no_evidence,
    separation,
)
from backend.transit.rows import Index, Rows
from backend.transit.split_groups import joined, stars_of

Floats = NDArray[np.float64]

ARCSEC_PER_DEGREE = 3600.0

# Two candidates of one star with these periods, whose transits are not known to be apart, are one.
SAME_PERIOD = 1e-4

# More candidates than this "on one star": the rows have no star but the same few stellar values.
MOST_ON_A_STAR = 50


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
    once by others. That holds across both tables.

    Args:
        table: ROW_DTYPE, (n,); all rows, with a label or without.
        evidence: EVIDENCE_DTYPE, (n,), or None.
        known: ROW_DTYPE and EVIDENCE_DTYPE, (m,), of rows that are neighbours too.

    Returns:
        The relations of the n rows; the row n + i is the i-th of the known ones.
    """
    if evidence is None:
        evidence = no_evidence(len(table))
    if known is None:
        return _relate(table, evidence)
    rows = len(table)
    table = np.concatenate([table, known[0]])
    evidence = np.concatenate([evidence, known[1]])
    # Twice the rows would be four times the pairs that are chance.
    new = _without_known_signals(table, evidence, rows)
    found = _relate(table[new], evidence[new])
    place = np.append(new, -1)
    return Relations(found.values[:rows], place[found.sibling[:rows]], place[found.match[:rows]])


def _without_known_signals(table: Rows, evidence: Rows, rows: int) -> Index:
    """The first rows, and those behind them that are not one signal with one of the first."""
    star = stars_of(table)
    signal = _signals(ephemerides_of(table, evidence, star), _pairs_on_a_star(star))
    is_new = ~np.isin(signal, signal[:rows])
    is_new[:rows] = True
    return np.flatnonzero(is_new)


def _signals(ephemerides: Ephemerides, pairs: tuple[Index, Index]) -> Index:
    """The number of each row's signal: intp, (n,)."""
    same = _are_one_signal(ephemerides, *pairs)
    return joined(len(ephemerides.period), pairs[0][same], pairs[1][same])


def _relate(table: Rows, evidence: Rows) -> Relations:
    star = stars_of(table)
    ephemerides = ephemerides_of(table, evidence, star)
    pairs = _pairs_on_a_star(star)
    signal = _signals(ephemerides, pairs)
    values = np.full((len(table), len(RELATION_COLUMNS)), np.nan)
    columns = {name: values[:, i] for i, name in enumerate(RELATION_COLUMNS)}
    sibling = _relate_siblings(table, star, signal, pairs, columns)
    has_epochs = np.isfinite(ephemerides.epoch)
    matches = find_matches(ephemerides) if has_epochs.any() else None
    match = _relate_matches(table, ephemerides, signal, matches, columns)
    _relate_uncertainties(table, evidence, columns)
    return Relations(values, sibling, match)


def _pairs_on_a_star(star: Index) -> tuple[Index, Index]:
    """All pairs of rows that share a star, but for the largest ones."""
    order = np.argsort(star, kind="stable")
    ordered = star[order]
    sizes = np.bincount(star) if len(star) else np.zeros(0, np.intp)
    few = (sizes <= MOST_ON_A_STAR)[ordered] if len(star) else np.zeros(0, bool)
    order, ordered = order[few], ordered[few]
    found = list(_at_distances(order, ordered))
    none = np.zeros(0, np.intp)
    return (
        np.concatenate([none, *(one for one, _ in found)]),
        np.concatenate([none, *(other for _, other in found)]),
    )


def _at_distances(order: Index, ordered: Index) -> Iterator[tuple[Index, Index]]:
    for distance in range(1, MOST_ON_A_STAR):
        together = np.flatnonzero(ordered[distance:] == ordered[:-distance])
        if not len(together):
            return
        yield order[together], order[together + distance]


def _are_one_signal(ephemerides: Ephemerides, one: Index, other: Index) -> NDArray[np.bool_]:
    """Whether rows of a star are one signal: equal periods, transits that are not known apart."""
    period = ephemerides.period[one]
    difference = np.abs(ephemerides.period[other] - period)
    elapsed = ephemerides.epoch[other] - ephemerides.epoch[one]
    cycles = np.rint(elapsed / period)
    window = np.fmax(ephemerides.duration[one], ephemerides.duration[other])
    window = window + np.abs(cycles) * difference
    are_apart = np.abs(elapsed - cycles * period) > window  # unknown epochs are not
    return (difference <= SAME_PERIOD * period) & ~are_apart


def _relate_siblings(
    table: Rows,
    star: Index,
    signal: Index,
    pairs: tuple[Index, Index],
    columns: dict[str, Floats],
) -> Index:
    """Fill in what the star's other candidates say; the nearest of each row, or -1."""
    sizes = np.bincount(star) if len(star) else np.zeros(0, np.intp)
    is_known = _is_star_known(table) & (sizes[star] <= MOST_ON_A_STAR)
    signals = pd.Series(signal).groupby(star).transform("nunique").to_numpy()
    columns["candidates_on_star"][is_known] = signals[is_known] - 1.0
    apart = signal[pairs[0]] != signal[pairs[1]]
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
    table: Rows,
    ephemerides: Ephemerides,
    signal: Index,
    matches: Matches | None,
    columns: dict[str, Floats],
) -> Index:
    """Fill in what candidates with the same ephemeris say; the deepest of each row, or -1."""
    match = np.full(len(table), -1)
    if matches is None or matches.tolerance is None:
        return match
    columns["ephemeris_matches"][np.isfinite(ephemerides.epoch)] = 0.0
    found = pd.DataFrame(
        {
            "row": np.concatenate([matches.first, matches.second]),
            "match": np.concatenate([matches.second, matches.first]),
        }
    )
    found["signal"] = signal[found["match"].to_numpy()]
    found["depth"] = table["depth"][found["match"].to_numpy()]
    found = found.sort_values(["row", "depth", "match"], ascending=[True, False, True])
    counts = found.groupby("row")["signal"].nunique()
    columns["ephemeris_matches"][counts.index.to_numpy()] = counts.to_numpy()
    deepest = found.drop_duplicates("row")
    row, other = deepest["row"].to_numpy(), deepest["match"].to_numpy()
    match[row] = other
    places = (ephemerides.ra, ephemerides.dec)
    distance = separation(*(each[row] for each in places), *(each[other] for each in places))
    columns["match_separation"][row] = distance * ARCSEC_PER_DEGREE
    columns["match_depth_ratio"][row] = table["depth"][other] / table["depth"][row]
    columns["match_magnitude_difference"][row] = table["tmag"][other] - table["tmag"][row]
    return match


def _relate_uncertainties(table: Rows, evidence: Rows, columns: dict[str, Floats]) -> None:
    for name, of in (("period", "period"), ("depth", "depth"), ("duration", "duration")):
        columns[f"{name}_err"][:] = evidence[f"{name}_err"] / table[of]
    columns["epoch_err"][:] = evidence["epoch_err"] * HOURS_PER_DAY / table["duration"]
    columns["impact_err"][:] = evidence["impact_err"]
    for name in ("steff", "srad"):
        columns[f"{name}_err"][:] = evidence[f"{name}_err"] / table[name]
    columns["slogg_err"][:] = evidence["slogg_err"]


def _is_star_known(table: Rows) -> NDArray[np.bool_]:
    known = sum(np.isfinite(table[name]).astype(int) for name in STAR_FEATURES)
    return (table["star"] != b"") | (np.asarray(known) >= 3)
