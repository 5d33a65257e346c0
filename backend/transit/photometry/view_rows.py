"""What light curves show of the rows of a table, one record a row: ready for a network.

A file of these has the rows with a usable light curve alone, in the table's order. The rest of the
table has only what its catalogue says.
"""

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.prepare import FLAGS, VIEWS, Prepared
from backend.transit.photometry.views import LOCAL_BINS, WHOLE_BINS

# Grows whenever the same light curve gives other views or numbers than before.
RECIPE = 1

# In the order of a network's `local_input`.
LOCAL_VIEWS = VIEWS[1:]

# `row` is the position in the table, from 0. Flux is relative to out of transit. Bins of the whole
# orbit without a point lie on a line between their neighbours; those of the other views are NaN.
# `evidence` is as EVIDENCE, NaN where unknown. `flags` has a bit for each of FLAGS, the first the
# lowest. `segments` and `points` say how much there is of the star and of the signal.
VIEW_ROW_DTYPE = np.dtype(
    [
        ("row", "<i8"),
        ("global_view", "<f4", (WHOLE_BINS,)),
        ("local_views", "<f4", (len(LOCAL_VIEWS), LOCAL_BINS)),
        ("evidence", "<f4", (len(EVIDENCE),)),
        ("flags", "<u2"),
        ("segments", "<i4"),
        ("points", "<i8"),
        ("points_in_transit", "<i8"),
    ]
)

ViewRows = NDArray[np.void]


def view_row(row: int, prepared: Prepared, segments: int) -> np.void:
    """The record of a row whose light curve is usable.

    Args:
        row: its position in the table, from 0.
        prepared: its views and numbers.
        segments: of its star.

    Returns:
        A record of VIEW_ROW_DTYPE.
    """
    record = np.zeros(1, VIEW_ROW_DTYPE)
    record["row"], record["segments"] = row, segments
    record["global_view"] = prepared.views["global_view"].flux
    for place, name in enumerate(LOCAL_VIEWS):
        view = prepared.views[name]
        record["local_views"][0, place] = np.where(view.has_points, view.flux, np.nan)
    largest = np.finfo(np.float32).max
    record["evidence"] = np.clip(prepared.evidence, -largest, largest)
    record["flags"] = sum(1 << FLAGS.index(flag) for flag in prepared.flags)
    record["points"] = prepared.points
    record["points_in_transit"] = prepared.points_in_transit
    one: np.void = record[0]
    return one


def views_between(records: ViewRows, start: int, stop: int) -> ViewRows:
    """The records of some rows of a table, which count from the first of these rows.

    Args:
        records: VIEW_ROW_DTYPE, (m,), `row` ascending.
        start, stop: which rows, from 0; `stop` is not one of them.

    Returns:
        A copy, VIEW_ROW_DTYPE, (k,), its `row` from 0 to stop - start - 1.
    """
    first, last = np.searchsorted(records["row"], (start, stop))
    part = records[first:last].copy()
    part["row"] -= start
    return part


def flags_of(record: np.void) -> tuple[str, ...]:
    """The flags of a record, those of FLAGS that apply."""
    return tuple(flag for place, flag in enumerate(FLAGS) if record["flags"] >> place & 1)
