"""The views of Rao et al. (2021, MNRAS 502, 2845) as rows and records that a session trains on.

One row is one threshold crossing of one star in one sector or more.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS, ROW_DTYPE
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.prepared_views import resampled
from backend.transit.photometry.view_rows import LOCAL_VIEWS, VIEW_ROW_DTYPE, ViewRows
from backend.transit.photometry.views import LOCAL_BINS, LOCAL_REACH, WHOLE_BINS
from backend.transit.rows import Index, Rows
from benchmarks.curve_evidence.folds import star_folds

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data"))
FILE = Path("lightcurves") / "tess_nigraha.npz"

# Their local views reach two durations to either side (measured: the transit fills a quarter).
_THEIR_REACH = 2.0

# Bins 0 to 80 of `odd_even_view` are the fold around phase 1/2, the others the transit.
_HALF = 81

# The same signal in two sectors: periods that differ by less than this part.
SAME_PERIOD = 0.01

_CONFIRMED, _FALSE_POSITIVE = ("CP", "KP"), ("FP", "FA")
# Only to learn from: junk, eclipsing binaries, variable stars, instrumental signals, others.
_KINDS = ("J", "EB", "V", "IS", "O")

# Never among these: label, toi*, source, sector, split.
NUMBERS = (
    *("depth", "depthodd", "deptheven", "duration", "tdur", "period", "snr", "sde", "rp_rs"),
    *("numtransits", "tmag"),
)

Views = NDArray[np.float64]


@dataclass(frozen=True)
class Population:
    """All threshold crossings of the file.

    Attributes:
        rows: ROW_DTYPE, (n,).
        views: VIEW_ROW_DTYPE, (n,), one for each of the rows.
        numbers: float64, (n, 11), those of NUMBERS, as they are in the file.
        flux: float64, (n, 444), its views, as they are in the file.
        star: int64, (n,), TIC.
        signal: intp, (n,), equal for rows of one star and one period.
        is_settled: bool, (n,), whether the verdict of TESS's follow-up is known.
        kind: bytes, (n,), which false positive a row is that is not settled; empty for the others.
        fold: intp, (n,), 0 to 4 for the stars with a settled verdict; -1 for the others, which
            are only learnt from.
    """

    rows: Rows
    views: ViewRows
    numbers: Views
    flux: Views
    star: NDArray[np.int64]
    signal: Index
    is_settled: NDArray[np.bool_]
    kind: NDArray[np.bytes_]
    fold: Index

    @property
    def is_confirmed(self) -> NDArray[np.bool_]:
        """bool, (n,)."""
        return np.asarray(self.rows["label"] == LABELS.index("CONFIRMED"))


def read_population(path: Path = ARCHIVE_DATA / FILE) -> Population:
    """Read the file.

    Raises:
        OSError: there is none.
    """
    with np.load(path) as file:
        columns = {name: file[name] for name in file.files}
    depth = 1.0 - columns["depth"].astype(np.float64)  # the file's is the flux at mid-transit
    labels, is_settled = _labels(columns["toi_disposition"], columns["label"])
    rows = np.zeros(len(depth), ROW_DTYPE)
    for name in ("impact", "steff", "srad", "slogg"):
        rows[name] = np.nan
    for name in ("period", "duration", "snr", "tmag"):
        rows[name] = columns[name]
    rows["depth"], rows["label"] = 1e6 * depth, labels
    rows["star"] = columns["tic_id"].astype(rows.dtype["star"])
    star = columns["tic_id"]
    nearest = np.round(np.log(columns["period"]) / SAME_PERIOD)
    signal = np.unique(np.stack([star, nearest], 1), axis=0, return_inverse=True)[1].ravel()
    return Population(
        rows,
        _records(columns, depth),
        np.column_stack([columns[name] for name in NUMBERS]).astype(np.float64),
        np.hstack([columns[n] for n in ("global_view", "local_view", "odd_even_view")]),
        star,
        signal,
        is_settled,
        np.where(columns["toi_disposition"] == "", columns["label"], "").astype("S24"),
        star_folds(star, is_settled, labels == LABELS.index("CONFIRMED")),
    )


def _labels(
    disposition: NDArray[np.str_], kind: NDArray[np.str_]
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Label codes, and whether TESS's own follow-up has settled them."""
    is_settled = np.isin(disposition, (*_CONFIRMED, *_FALSE_POSITIVE))
    said = np.where(disposition == "", kind, disposition)
    labels = np.full(len(said), LABELS.index("CANDIDATE"), np.int8)
    labels[np.isin(said, _CONFIRMED)] = LABELS.index("CONFIRMED")
    labels[np.isin(said, (*_FALSE_POSITIVE, *_KINDS))] = LABELS.index("FALSE POSITIVE")
    return labels, is_settled


def _records(columns: dict[str, NDArray], depth: Views) -> ViewRows:
    records = np.zeros(len(depth), VIEW_ROW_DTYPE)
    records["row"], records["segments"] = np.arange(len(depth)), 1
    records["local_views"], records["evidence"] = np.nan, np.nan
    for name, values in (
        ("depth", 1e6 * depth),
        ("odd_even_difference", (columns["deptheven"] - columns["depthodd"]) / depth),
        ("transits_seen", columns["numtransits"]),
    ):
        records["evidence"][:, EVIDENCE.index(name)] = values
    transit, secondary = (LOCAL_VIEWS.index(name) for name in ("local_view", "secondary_view"))
    inside = round(LOCAL_BINS * _THEIR_REACH / LOCAL_REACH / 2) * 2 + 1
    beside = (LOCAL_BINS - inside) // 2
    middle = slice(beside, beside + inside)
    for number, record in enumerate(records):
        whole = columns["global_view"][number].astype(np.float64)
        local = columns["local_view"][number].astype(np.float64)
        both = columns["odd_even_view"][number].astype(np.float64)
        record["global_view"] = resampled(_relative(whole, whole, depth[number]), WHOLE_BINS)
        record["local_views"][transit, middle] = resampled(
            _relative(local, local, depth[number]), inside
        )
        # Both halves were stretched together: the transit's says by how much. `to_relative` cannot
        # know this, and would leave out a secondary that is as deep as the transit.
        record["local_views"][secondary, middle] = resampled(
            _relative(both[:_HALF], both[_HALF:], depth[number]), inside
        )
    return records


def _relative(view: Views, transit: Views, depth: float) -> Views:
    """Flux around 1, of a view that was stretched like that of the transit."""
    median = float(np.median(transit))
    return 1.0 - depth * (median - view) / (median - float(transit.min()))
