"""Finds the relations of a table's rows, and writes them."""

from typing import BinaryIO

import numpy as np

from backend.transit.related import RELATED_DTYPE, as_table
from backend.transit.relations import find_relations


def relate(table: str, evidence: str | None, known: str | None, sink: BinaryIO) -> None:
    """Write a `.npy` of RELATED_DTYPE, a record for each row.

    Args:
        table: the path of a `.npy` of ROW_DTYPE.
        evidence: of EVIDENCE_DTYPE, of the same rows, or None.
        known: of KNOWN_DTYPE, rows that are neighbours too, or None.
        sink: an empty file.
    """
    found = find_relations(
        np.load(table),
        None if evidence is None else np.load(evidence),
        None if known is None else as_table(np.load(known)),
    )
    related = np.empty(len(found.values), RELATED_DTYPE)
    related["values"] = found.values
    related["sibling"], related["match"] = found.sibling, found.match
    np.save(sink, related)
