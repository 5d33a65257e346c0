"""The light curve of a row: its time series, its folded views, the numbers that they give."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.services.context import Services
from backend.services.curves import views
from backend.services.curves.matching import open_set
from backend.storage.dataset_table import read_rows
from backend.transit.photometry.evidence import NUMBERS
from backend.transit.photometry.prepare import Prepared
from backend.transit.photometry.segments import Floats, Segment, Signal
from backend.transit.photometry.star_curve import StarCurve
from backend.transit.photometry.star_signals import StarSignals, signals_of
from backend.transit.photometry.views import View, local_bins, whole_orbit_bins

# Of a time series; a longer one is thinned evenly.
MOST_POINTS = 100_000

_TIME_DIGITS = 6  # 0.1 s
_FLUX_DIGITS = 7  # 0.1 ppm

NO_STAR = "This row has no identifier of its star, by which a light curve could be found."
NO_CURVE = "The set has no light curve of star {}."
NO_EPOCH = "This row has no epoch: nobody knows when its transits are, so it cannot be folded."


def row_curve(services: Services, curve_set: Record, dataset: Record, row: int) -> Record:
    """What a curve set has of one accepted row of a dataset.

    Args:
        services: the tables and the data folder.
        curve_set: the row of the set in the database.
        dataset: the same of the dataset.
        row: counted from 0; it is one.

    Returns:
        as `web.schemas.curves.rows.RowCurve`.

    Raises:
        Conflict: files of the set or the table are damaged or missing.
        Unavailable: the table is being made again.
    """
    rows = np.load(services.tables.table(dataset), mmap_mode="r")
    star = bytes(rows["star"][row]).decode()
    found = open_set(services, curve_set)
    _, one = read_rows(services.tables.table(dataset), row, 1)
    nothing = {
        "star": star,
        "line": int(one["line"][0]),
        "prepared": None,
        "why_not": None,
        **_usual(services, curve_set, dataset),
    }
    if not star:
        return {**nothing, "why_not": NO_STAR}
    segments = found.segments_of(star)
    if not segments:
        return {**nothing, "why_not": NO_CURVE.format(star)}
    of_star = np.flatnonzero(rows["star"] == rows["star"][row])
    signals = signals_of(rows[of_star], _epochs(services, dataset, of_star))
    place = int(np.searchsorted(of_star, row))
    known, own = StarSignals(segments, signals), signals[place]
    nothing["series"] = _series(known.curve(place), segments)
    if not own.is_usable:
        return {**nothing, "why_not": NO_EPOCH}
    return {**nothing, "prepared": _described(known.prepared(place), own)}


def _usual(services: Services, curve_set: Record, dataset: Record) -> Record:
    """What is usual in the rows of the dataset, if the set's views of them are prepared."""
    with services.database.read() as connection:
        found = views.find(connection, dataset, curve_set)
    if found is None:
        return {"views_status": None, "usual": None}
    facts = found["facts"] or {}
    # Those that an earlier release completed are looked through in the background.
    is_awaited = found["status"] == "completed" and "usual" not in facts
    return {
        "views_status": "running" if is_awaited else found["status"],
        "usual": facts.get("usual"),
    }


def _epochs(services: Services, dataset: Record, places: NDArray[np.intp]) -> Floats:
    """Of some rows, BJD; NaN where unknown."""
    path = services.tables.evidence(dataset)
    if path is None:
        return np.full(len(places), np.nan)
    return np.asarray(np.load(path, mmap_mode="r")["epoch"][places])


def _series(curve: StarCurve, segments: list[Segment]) -> dict[str, Any]:
    """The flattened time series, thinned if it is long."""
    time, flux = curve.time, curve.flat
    step = -(-len(time) // MOST_POINTS) or 1
    return {
        "time": np.round(time[::step], _TIME_DIGITS).tolist(),
        "flux": np.round(flux[::step], _FLUX_DIGITS).tolist(),
        "points": len(time),
        "segments": [
            {
                "mission": each.mission,
                "name": each.name,
                "start": float(each.time[0]),
                "end": float(each.time[-1]),
                "points": len(each),
            }
            for each in segments
        ],
    }


def _described(prepared: Prepared, own: Signal) -> dict[str, Any]:
    values = zip(NUMBERS.items(), prepared.evidence.tolist(), strict=True)
    return {
        "epoch": own.epoch,
        "period": own.period,
        "duration": own.duration,
        "is_usable": prepared.is_usable,
        "flags": list(prepared.flags),
        "points": prepared.points,
        "points_in_transit": prepared.points_in_transit,
        "views": {
            name: _view(view, whole_orbit_bins() if name == "global_view" else local_bins())
            for name, view in prepared.views.items()
        },
        "numbers": [
            {"name": name, "value": value, "unit": number.unit, "meaning": number.meaning}
            for (name, number), value in values
        ],
    }


def _view(view: View, centres: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "at": centres.tolist(),
        "flux": np.round(view.flux, _FLUX_DIGITS).tolist(),
        "scatter": np.round(view.scatter, _FLUX_DIGITS).tolist(),
        "count": view.count.tolist(),
    }
