"""The Kepler stars of `kepler_koi_binned.npz`, with their rows of the KOI table.

Their flux is flattened, in bins of 0.05 days over about two quarters: transits are shallower than
in the catalogue, and those much shorter than a bin are gone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from backend.transit.catalog.reader import open_catalog
from backend.transit.photometry.segments import TIME_OFFSETS, Segment, Signal
from backend.transit.photometry.star_signals import StarSignals, is_same_period, signals_of
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE, ViewRows, view_row
from backend.transit.rows import Index, Rows
from benchmarks.curve_evidence.population import ARCHIVE_DATA

FILE = Path("lightcurves") / "kepler_koi_binned.npz"
TABLE = Path("koi_cumulative.csv")

_BIN_DAYS = 0.05

# Of one light curve: the segment, the signal of a row, and the other signals of the star.
Change = Callable[[Segment, Signal, tuple[Signal, ...]], Segment]


@dataclass(frozen=True)
class KeplerStars:
    """Rows of the KOI table whose stars have a light curve.

    Attributes:
        rows: ROW_DTYPE, (n,).
        epochs: float64, (n,), BJD.
        star: intp, (n,), position among `segments`.
        segments: the light curve of each star.
    """

    rows: Rows
    epochs: np.ndarray
    star: Index
    segments: list[Segment]


def read_kepler_stars(folder: Path = ARCHIVE_DATA) -> KeplerStars:
    """Read the light curves and the table.

    Raises:
        OSError: a file is missing.
    """
    with open(folder / TABLE, "rb") as stream:
        parts = list(open_catalog(stream, label_required=True))
    table = np.concatenate([part.rows for part in parts])
    epochs = np.concatenate([p.evidence["epoch"] for p in parts if p.evidence is not None])
    with np.load(folder / FILE) as file:
        names = file["kepid"].astype(table.dtype["star"])
        place = {name: number for number, name in enumerate(names.tolist())}
        star = np.array([place.get(name, -1) for name in table["star"].tolist()])
        segments = [_segment(*each) for each in _curves(file)]
    known = star >= 0
    return KeplerStars(table[known], epochs[known], star[known], segments)


def view_rows(stars: KeplerStars, rows: Index, change: Change | None = None) -> ViewRows:
    """What the light curves show of some rows; rows that they say nothing of are left out.

    Args:
        stars: all rows.
        rows: increasing positions.
        change: made to a row's light curve before it is cleaned; nothing is changed without one.

    Returns:
        VIEW_ROW_DTYPE, by `row`.
    """
    records = []
    for row in rows.tolist():
        siblings = np.flatnonzero(stars.star == stars.star[row])
        signals = signals_of(stars.rows[siblings], stars.epochs[siblings])
        place = int(np.searchsorted(siblings, row))
        own = signals[place]
        segment = stars.segments[stars.star[row]]
        if change is not None:
            others = [each for each in signals if not is_same_period(own.period, each.period)]
            segment = change(segment, own, tuple(each for each in others if each.is_usable))
        prepared = StarSignals([segment], signals).prepared(place)
        if prepared.is_usable:
            records.append(view_row(row, prepared, 1))
    return np.array(records, VIEW_ROW_DTYPE)


def with_hidden_depth(stars: KeplerStars, instead: float) -> KeplerStars:
    """The same rows with one depth for all, ppm, and an unknown signal-to-noise ratio.

    The depth is a column that every row must have: no network has learnt to do without it.
    """
    rows = stars.rows.copy()
    rows["depth"], rows["snr"] = instead, np.nan
    return replace(stars, rows=rows)


def _curves(file: "np.lib.npyio.NpzFile") -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Time, BKJD, and flux of each star."""
    offset, relative, flux = (file[name] for name in ("offset", "time_rel", "flux"))
    for number, start in enumerate(file["time_start"].tolist()):
        part = slice(offset[number], offset[number + 1])
        yield start + relative[part].astype(np.float64), flux[part].astype(np.float64)


def _segment(time: np.ndarray, flux: np.ndarray) -> Segment:
    return Segment(
        time + TIME_OFFSETS["BKJD"],
        1.0 + flux,
        np.full(len(time), np.nan),
        np.zeros(len(time), np.int32),
        _BIN_DAYS,
        "kepler",
    )
