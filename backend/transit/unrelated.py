"""The relations of rows that have no neighbour, which are plain to see; without pandas.

A server finds them itself, in place of starting a process that finds the relations of any table.
"""

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import RELATION_COLUMNS, STAR_FEATURES
from backend.transit.ephemerides import HOURS_PER_DAY, no_evidence
from backend.transit.rows import Index, Rows
from backend.transit.split_groups import stars_of

Floats = NDArray[np.float64]


def relations_without_neighbours(
    table: Rows, evidence: Rows | None, known: tuple[Rows, Rows] | None = None
) -> Floats | None:
    """The relations of a table in which no row can be another's neighbour.

    No row has an epoch, which others could share; none is on a star, at a place or of a name that
    another one has, nor equal to another one.

    Args:
        table, evidence, known: as of `find_relations`.

    Returns:
        float64, (n, 14), the `values` of `find_relations`, whose `sibling` and `match` are -1; None
        if rows may be neighbours.
    """
    if evidence is None:
        evidence = no_evidence(len(table))
    if np.isfinite(evidence["epoch"]).any():
        return None
    rows, others = [table], [evidence]
    if known is not None:
        if np.isin(evidence["name"][evidence["name"] != b""], known[1]["name"]).any():
            return None
        rows, others = [table, known[0]], [evidence, known[1]]
    star = stars_of(np.concatenate(rows), np.concatenate(others))
    if (np.bincount(star)[star[: len(table)]] > 1).any():
        return None
    values = np.full((len(table), len(RELATION_COLUMNS)), np.nan)
    columns = {name: values[:, i] for i, name in enumerate(RELATION_COLUMNS)}
    columns["candidates_on_star"][is_star_known(table, np.arange(len(table)))] = 0.0
    relate_uncertainties(table, evidence, columns)
    return values


def relate_uncertainties(table: Rows, evidence: Rows, columns: dict[str, Floats]) -> None:
    """Fill in how well each row is known, relative to its numbers.

    Args:
        table: ROW_DTYPE, (n,).
        evidence: EVIDENCE_DTYPE, (n,).
        columns: by name of RELATION_COLUMNS, float64, (n,).
    """
    for name, of in (("period", "period"), ("depth", "depth"), ("duration", "duration")):
        columns[f"{name}_err"][:] = evidence[f"{name}_err"] / table[of]
    columns["epoch_err"][:] = evidence["epoch_err"] * HOURS_PER_DAY / table["duration"]
    columns["impact_err"][:] = evidence["impact_err"]
    for name in ("steff", "srad"):
        columns[f"{name}_err"][:] = evidence[f"{name}_err"] / table[name]
    columns["slogg_err"][:] = evidence["slogg_err"]


def is_star_known(table: Rows, star: Index) -> NDArray[np.bool_]:
    """Whether a row's star is recognised in other rows, or was in one.

    Args:
        table: ROW_DTYPE, (n,).
        star: intp, (n,), equal for rows of one star.
    """
    known = sum(np.isfinite(table[name]).astype(int) for name in STAR_FEATURES)
    is_named = (table["star"] != b"") | (np.asarray(known) >= 3)
    return is_named | (np.bincount(star)[star] > 1 if len(star) else is_named)
