"""The records of a star's rows: what its light curve, or the views of others, say of each."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.light_curves.preparing.facts import Facts
from backend.storage.curve_sets.versions import CurveSet
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.prepare import VIEWS, Prepared
from backend.transit.photometry.prepared_views import averaged
from backend.transit.photometry.segments import Signal
from backend.transit.photometry.star_signals import StarSignals, is_same_period
from backend.transit.photometry.view_rows import view_row
from backend.transit.photometry.views import LOCAL_BINS, WHOLE_BINS, View

# Of a row whose star has only views of other periods.
NO_VIEW = "no view of this period"

_LONGEST_MESSAGE = 300

Found = tuple[float, Mapping[str, NDArray[np.float32]]]


def prepare_star(
    curves: CurveSet, star: str, rows: Sequence[int], signals: Sequence[Signal]
) -> tuple[list[np.void], Facts]:
    """The records of a star's rows, in their order; rows without a usable curve have none.

    Args:
        curves: the set.
        star: its identifier.
        rows: positions in the table.
        signals: what the catalogue says of each.

    Returns:
        VIEW_ROW_DTYPE, and what is to be said of all rows. Whatever is wrong with the light curve
        is said there: nothing but the lack of memory or disk is raised.
    """
    try:
        segments = curves.segments_of(star)
        if segments:
            return _of_segments(StarSignals(segments, signals), len(segments), rows, signals)
        return _of_views(curves.views_of(star), rows, signals)
    except Exception as error:  # whatever the arithmetic meets in a strange light curve
        return [], damaged(star, len(rows), _reason(error))


def damaged(star: str, rows: int, why: str) -> Facts:
    """What is to be said of a star whose light curve is damaged."""
    told = {"star": star, "message": why}
    return Facts(1, rows, rows_damaged=rows, damaged=[told])


def _of_segments(
    curve: StarSignals, segments: int, rows: Sequence[int], signals: Sequence[Signal]
) -> tuple[list[np.void], Facts]:
    records, facts = [], Facts(1, len(rows))
    for place, row in enumerate(rows):
        if not np.isfinite(signals[place].epoch):
            facts.rows_without_epoch += 1
            continue
        prepared = curve.prepared(place)
        facts.flags.update(prepared.flags)
        if prepared.is_usable:
            records.append(_checked(view_row(row, prepared, segments)))
            facts.rows_used += 1
        else:
            facts.rows_unusable += 1
    return records, facts


def _of_views(
    found: Sequence[Found], rows: Sequence[int], signals: Sequence[Signal]
) -> tuple[list[np.void], Facts]:
    records, facts = [], Facts(1, len(rows))
    for row, signal in zip(rows, signals, strict=True):
        own = [views for period, views in found if is_same_period(signal.period, period)]
        if own:
            records.append(_checked(view_row(row, _prepared(own), len(own))))
            facts.rows_used += 1
        else:
            facts.flags[NO_VIEW] += 1
            facts.rows_unusable += 1
    return records, facts


def _prepared(own: Sequence[Mapping[str, NDArray[np.float32]]]) -> Prepared:
    """Views of one signal as ours: sectors averaged, in our bins.

    What they do not have is empty. A whole orbit that they do not have is 1 everywhere, as that of
    a light curve without a point is: its bins are never NaN. Nothing else is known: no numbers, no
    points.
    """
    views = {}
    for name in VIEWS:
        bins = WHOLE_BINS if name == "global_view" else LOCAL_BINS
        given = [each[name].astype(np.float64) for each in own if name in each]
        view = averaged(given, bins) if given else np.full(bins, np.nan)
        is_known = np.isfinite(view)
        views[name] = View(
            _filled(view, is_known), np.full(bins, np.nan), is_known.astype(np.int64)
        )
    return Prepared(views, np.full(len(EVIDENCE), np.nan), (), 0, 0, None)


def _filled(view: NDArray[np.float64], is_known: NDArray[np.bool]) -> NDArray[np.float64]:
    """Unknown bins on a line between their neighbours; 1 everywhere if none is known."""
    if not is_known.any():
        return np.ones(len(view))
    known = np.flatnonzero(is_known)
    return np.interp(np.arange(len(view)), known, view[known], period=len(view))


def _checked(record: np.void) -> np.void:
    """A record, if a network can read it.

    Raises:
        ValueError: it has a number that is none.
    """
    is_read = np.isfinite(record["global_view"]).all()
    if not is_read or np.isinf(record["local_views"]).any():
        raise ValueError("its views are not finite")
    return record


def _reason(error: Exception) -> str:
    """Why a star cannot be prepared; a lack of memory or of disk is raised again."""
    if isinstance(error, OSError | MemoryError):
        raise error
    text = "".join(each for each in " ".join(str(error).split()) if each.isprintable())
    return text[:_LONGEST_MESSAGE] or type(error).__name__
