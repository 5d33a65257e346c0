"""One row a signal: its sectors joined, as a set of prepared views is read for a catalogue."""

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.prepared_views import averaged
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE, ViewRows
from backend.transit.photometry.views import LOCAL_BINS, WHOLE_BINS
from backend.transit.rows import Index, Rows
from benchmarks.curve_evidence.population import Population

_NUMBERS = ("period", "duration", "depth", "snr", "tmag")


def joined_signals(population: Population) -> tuple[Population, Index]:
    """The same signals, one row each.

    Views are averaged by their scatter, numbers by the mean. A signal is settled, and has the
    label, if one of its views is; else its label and kind are those of its first view.

    Returns:
        the signals; and the row there of each row here: intp, (n,).
    """
    _, of_row = np.unique(population.signal, return_inverse=True)
    members = [np.flatnonzero(of_row == each) for each in range(of_row.max() + 1)]
    # A settled view stands first, so that its label is the signal's.
    members = [each[np.argsort(~population.is_settled[each], kind="stable")] for each in members]
    first = np.array([each[0] for each in members])
    return (
        Population(
            _rows(population.rows, members, first),
            _views(population.views, members),
            _means(population.numbers, members),
            _means(population.flux, members),
            population.star[first],
            np.arange(len(first)),
            population.is_settled[first],
            population.kind[first],
            population.fold[first],
        ),
        of_row,
    )


def _means(values: NDArray[np.float64], members: list[Index]) -> NDArray[np.float64]:
    return np.array([values[each].mean(axis=0) for each in members])


def _rows(rows: Rows, members: list[Index], first: Index) -> Rows:
    joined = rows[first].copy()
    for name in _NUMBERS:
        joined[name] = [rows[name][each].mean() for each in members]
    return joined


def _views(views: ViewRows, members: list[Index]) -> ViewRows:
    joined = views[[each[0] for each in members]].astype(VIEW_ROW_DTYPE)
    joined["row"] = np.arange(len(members))
    for record, each in zip(joined, members, strict=True):
        if len(each) == 1:
            continue
        own = views[each].astype(_wide(views.dtype))
        record["segments"] = len(each)
        record["global_view"] = averaged(list(own["global_view"]), WHOLE_BINS)
        for channel in range(own["local_views"].shape[1]):
            record["local_views"][channel] = averaged(
                list(own["local_views"][:, channel]), LOCAL_BINS
            )
        record["evidence"] = own["evidence"].mean(axis=0)
    return joined


def _wide(dtype: np.dtype) -> np.dtype:
    """The same fields in double precision."""
    wide = [
        (name, np.float64 if dtype[name].base.kind == "f" else dtype[name].base, dtype[name].shape)
        for name in dtype.names or ()
    ]
    return np.dtype(wide)
