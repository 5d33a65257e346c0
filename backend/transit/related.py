"""Relations as they are kept and shown: what a model keeps of its table, what relates to what.

A model keeps what its table says of when and where its candidates transit, so that a catalogue to
predict is related to them too. None of it is a label.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import (
    COLUMNS,
    EVIDENCE_DTYPE,
    NEIGHBOUR_COLUMNS,
    NO_LABEL,
    RELATION_COLUMNS,
    ROW_DTYPE,
)
from backend.transit.keys import star_groups
from backend.transit.relation_sentences import relation_sentences
from backend.transit.rows import Index, Rows

# What of a row's evidence others are related by.
_EVIDENCE = ("name", "epoch", "ra", "dec", "period_err")

# One row of a model's table: `row` is its place in the dataset, from 0.
KNOWN_DTYPE = np.dtype(
    [
        ("row", "<i8"),
        *(each for each in ROW_DTYPE.descr if each[0] != "label"),
        *(each for each in EVIDENCE_DTYPE.descr if each[0] in _EVIDENCE),
    ]
)

# A model of a larger table keeps a random choice of its stars: 22 MB. A "star" of more rows than
# the other number is none, and would leave no room.
MAX_KNOWN = 100_000
_LARGEST_STAR = 100

# The relations of a row: the values in the order of RELATION_COLUMNS, NaN where unknown; the rows
# that its nearest sibling and its deepest match are, -1 where there is none. Behind the rows of the
# table itself come those that the model keeps.
RELATED_DTYPE = np.dtype(
    [("values", "<f8", (len(RELATION_COLUMNS),)), ("sibling", "<i8"), ("match", "<i8")]
)

_COUNTS = ("candidates_on_star", "ephemeris_matches")


class Other(NamedTuple):
    """A row that another one is related to.

    Attributes:
        name: its name, else of a match its star; "" if it has none.
        line: its line in its file, from 1; None: not known any more.
        in_training_table: whether it is of the table that the model was trained on.
        row: its place in its table, from 0; None: not known any more.
    """

    name: str
    line: int | None
    in_training_table: bool
    row: int | None


def keep_known(table: Rows, evidence: Rows, seed: int) -> Rows:
    """What a model keeps of its table.

    Args:
        table: ROW_DTYPE, (n,); may be a memory-mapped file.
        evidence: EVIDENCE_DTYPE, (n,).
        seed: of the choice of stars where there are more than MAX_KNOWN rows.

    Returns:
        KNOWN_DTYPE, at most MAX_KNOWN, in the order of the table.
    """
    places = np.arange(len(table))
    if len(table) > MAX_KNOWN:
        places = _rows_of_some_stars(star_groups(table), seed)
    known = np.empty(len(places), KNOWN_DTYPE)
    known["row"] = places
    for source in (table, evidence):
        for name in set(source.dtype.names or ()) & set(KNOWN_DTYPE.names or ()):
            known[name] = source[name][places]
    return known


def as_table(known: Rows) -> tuple[Rows, Rows]:
    """The kept rows as rows of a table and their evidence; what was not kept is unknown.

    Args:
        known: KNOWN_DTYPE, (m,).

    Returns:
        ROW_DTYPE and EVIDENCE_DTYPE, (m,).
    """
    table, evidence = np.zeros(len(known), ROW_DTYPE), np.zeros(len(known), EVIDENCE_DTYPE)
    table["label"] = NO_LABEL
    for name in ("line", "star", *COLUMNS):
        table[name] = known[name]
    for name, (kind, *_) in (EVIDENCE_DTYPE.fields or {}).items():
        if name in _EVIDENCE:
            evidence[name] = known[name]
        elif kind.kind == "f":
            evidence[name] = np.nan
    return table, evidence


class RelatedRows:
    """The relations of a table's rows, and what they are related to."""

    def __init__(self, related: Rows, table: Rows, evidence: Rows | None, known: Rows) -> None:
        """Take what was computed; all but `known` may be memory-mapped files.

        Args:
            related: RELATED_DTYPE, (n,).
            table: ROW_DTYPE, (n,).
            evidence: EVIDENCE_DTYPE, (n,), or None.
            known: KNOWN_DTYPE, (m,): the rows that the model keeps.
        """
        self._related, self._table, self._evidence = related, table, evidence
        self._known = known

    def at(self, places: Index) -> "RelationsOfSome":
        """Those of the rows at some places."""
        related = np.array(self._related[places])
        return RelationsOfSome(
            related["values"],
            # The star would not tell which of its candidates it is.
            [self._other(place, by_star=False) for place in related["sibling"].tolist()],
            [self._other(place, by_star=True) for place in related["match"].tolist()],
        )

    def of_lines(self, lines: NDArray[np.int64]) -> "RelationsOfSome":
        """Those of the rows of some lines of the file.

        Raises:
            LookupError: the table has no row of one of these lines.
        """
        every = self._table["line"]
        places = np.searchsorted(every, lines)
        if not np.array_equal(every[np.minimum(places, len(every) - 1)], lines):
            raise LookupError("The relations are those of other rows.")
        return self.at(places)

    def _other(self, place: int, *, by_star: bool) -> Other | None:
        if place < 0:
            return None
        is_known = place >= len(self._table)
        if is_known:
            row = self._known[place - len(self._table)]
            name, place = row["name"], int(row["row"])
        else:
            row = self._table[place]
            name = b"" if self._evidence is None else self._evidence[place]["name"]
        if by_star:
            name = name or row["star"]
        return Other(name.decode(), int(row["line"]), is_known, place)


def relations_of(related: RelatedRows | None, rows: Rows) -> "RelationsOfSome | None":
    """Those of rows of the table, by their lines; None where none are known.

    Args:
        related: of the table.
        rows: ROW_DTYPE, (n,).
    """
    return None if related is None else related.of_lines(rows["line"])


class RelationsOfSome(NamedTuple):
    """The relations of n rows.

    Attributes:
        values: float64, (n, 14), in the order of RELATION_COLUMNS, NaN where unknown.
        siblings, matches: (n,), the nearest sibling and the deepest match, None where none is.
    """

    values: NDArray[np.float64]
    siblings: list[Other | None]
    matches: list[Other | None]

    def described(self) -> list[dict[str, Any] | None]:
        """As the API shows them; None where no neighbour is known, nor that there is none."""
        return [
            describe_relations(dict(zip(RELATION_COLUMNS, row, strict=True)), sibling, match)
            for row, sibling, match in zip(
                self.values.tolist(), self.siblings, self.matches, strict=True
            )
        ]


def describe_relations(
    values: dict[str, float], sibling: Other | None, match: Other | None
) -> dict[str, Any] | None:
    """The neighbours of a row, as the API shows them.

    Args:
        values: of NEIGHBOUR_COLUMNS by name, NaN where unknown.
        sibling, match: the rows that these are about.

    Returns:
        The values, None where unknown; `sibling` and `match` as the fields of `Other`; and
        `sentences`. None if nothing is known.
    """
    found: dict[str, Any] = {
        name: values[name] if math.isfinite(values[name]) else None for name in NEIGHBOUR_COLUMNS
    }
    if all(value is None for value in found.values()):
        return None
    for name in _COUNTS:
        found[name] = None if found[name] is None else int(found[name])
    found["sibling"] = sibling and sibling._asdict()
    found["match"] = match and match._asdict()
    return {**found, "sentences": relation_sentences(found)}


def _rows_of_some_stars(stars: Index, seed: int) -> Index:
    sizes = np.bincount(stars)
    order = np.random.default_rng([seed, 9]).permutation(len(sizes))
    order = order[sizes[order] <= _LARGEST_STAR]
    kept = order[np.cumsum(sizes[order]) <= MAX_KNOWN]
    return np.flatnonzero(np.isin(stars, kept))
