"""From catalogue rows to a network's inputs."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import FEATURES, REQUIRED, UNITS
from backend.transit.light_curve.curve import transit_curves
from backend.transit.light_curve.diagnostics import (
    DIAGNOSTIC_UNITS,
    DIAGNOSTICS,
    physical_diagnostics,
)
from backend.transit.light_curve.orbit import Geometry
from backend.transit.networks.registry import (
    CATALOGUE_INPUT,
    CURVE_INPUT,
    EVIDENCE_INPUT,
    FEATURE_INPUT,
    LOCAL_INPUT,
    RELATION_INPUT,
)
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.view_rows import LOCAL_VIEWS, ViewRows
from backend.transit.photometry.views import LOCAL_BINS
from backend.transit.rows import Index

Matrix = NDArray[np.float32]

# Records of views, or some fields of them by name.
ViewFields = ViewRows | Mapping[str, Matrix]

# In the order of `catalogue_input`.
CATALOGUE_COLUMNS = (*REQUIRED, *DIAGNOSTICS)

CATALOGUE_UNITS = {**{name: UNITS[name] for name in REQUIRED}, **DIAGNOSTIC_UNITS}


def feature_matrix(rows: NDArray[np.void]) -> Matrix:
    """The features in the order of `feat_input`: float32, (n, 6), raw units, NaN where unknown."""
    return np.stack([rows[name] for name in FEATURES], axis=1).astype(np.float32)


def catalogue_matrix(rows: NDArray[np.void], geometry: Geometry, band: str) -> Matrix:
    """The numbers of `catalogue_input`.

    Args:
        rows: ROW_DTYPE, (n,).
        geometry: of these rows, from `transit_geometry`.
        band: of the survey, "kepler" or "tess".

    Returns:
        float32, (n, 8), in the order of `CATALOGUE_COLUMNS`, raw units, NaN where a feature that
        a diagnostic needs is unknown.
    """
    derived = physical_diagnostics(rows, geometry, band)
    columns = [rows[name] for name in REQUIRED] + [derived[name] for name in DIAGNOSTICS]
    largest = np.finfo(np.float32).max
    return np.clip(np.stack(columns, axis=1), -largest, largest).astype(np.float32)


class RealViews(NamedTuple):
    """What light curves show of some of n rows.

    Attributes:
        place: intp, (m,), which of the rows.
        records: VIEW_ROW_DTYPE, (m,), their records.
    """

    place: Index
    records: ViewRows


def curve_matrix(views: ViewFields) -> Matrix:
    """The folded flux of rows with a light curve, as `curve_input`: float32, (n, 2001, 1)."""
    return np.ascontiguousarray(views["global_view"])[:, :, None]


def local_matrix(views: ViewFields) -> Matrix:
    """The numbers of `local_input`.

    Args:
        views: VIEW_ROW_DTYPE, (n,), or its field `local_views` alone, by name.

    Returns:
        float32, (n, 105, 5), a channel for each of LOCAL_VIEWS, flux relative to out of transit,
        NaN in bins without a point.
    """
    return np.ascontiguousarray(views["local_views"].transpose(0, 2, 1))


def evidence_matrix(views: ViewFields) -> Matrix:
    """The numbers of `evidence_input`: float32, (n, 24), as EVIDENCE, NaN where unknown."""
    return np.ascontiguousarray(views["evidence"])


def no_local(rows: int) -> Matrix:
    """The `local_input` of rows without a light curve: float32, (rows, 105, 5), NaN."""
    return np.full((rows, LOCAL_BINS, len(LOCAL_VIEWS)), np.nan, np.float32)


def no_evidence(rows: int) -> Matrix:
    """The `evidence_input` of rows without a light curve: float32, (rows, 24), NaN."""
    return np.full((rows, len(EVIDENCE)), np.nan, np.float32)


def relation_matrix(values: NDArray[np.float64], columns: int) -> Matrix:
    """The numbers of `relation_input`: float32, (n, columns), NaN where unknown.

    Args:
        values: float64, (n, 14), from `find_relations`.
        columns: how many of RELATION_COLUMNS.
    """
    largest = np.finfo(np.float32).max
    return np.clip(values[:, :columns], -largest, largest).astype(np.float32)


def network_inputs(
    rows: NDArray[np.void],
    geometry: Geometry,
    band: str,
    names: Collection[str],
    relations: Matrix | None = None,
    views: RealViews | None = None,
) -> dict[str, Matrix]:
    """The inputs of a network by their names.

    Args:
        rows: ROW_DTYPE, (n,).
        geometry: of these rows, from `transit_geometry`.
        band: of the survey, "kepler" or "tess".
        names: which inputs.
        relations: float32, (n, k), the rows' `relation_input`; needed where it is named.
        views: what light curves show of them, for a network that reads them; None: none has one.

    Returns:
        curve_input: float32, (n, 2001, 1), flux relative to out of transit; feat_input: float32,
        (n, 6), raw units, NaN where unknown; catalogue_input: as `catalogue_matrix`;
        relation_input: as given; local_input, evidence_input: as `local_matrix` and
        `evidence_matrix`. The curve of a row with a light curve is its folded flux.
    """
    makers: dict[str, Callable[[], Any]] = {
        CURVE_INPUT: lambda: _curves(geometry, views),
        FEATURE_INPUT: lambda: feature_matrix(rows),
        CATALOGUE_INPUT: lambda: catalogue_matrix(rows, geometry, band),
        RELATION_INPUT: lambda: relations,
        LOCAL_INPUT: lambda: _of_curves(no_local(len(rows)), local_matrix, views),
        EVIDENCE_INPUT: lambda: _of_curves(no_evidence(len(rows)), evidence_matrix, views),
    }
    return {name: makers[name]() for name in names}


def _curves(geometry: Geometry, views: RealViews | None) -> Matrix:
    curves = transit_curves(geometry)[:, :, None]
    return _of_curves(curves, curve_matrix, views)


def _of_curves(
    values: Matrix, of_views: Callable[[ViewFields], Matrix], views: RealViews | None
) -> Matrix:
    """The values of all rows, with those of light curves in their places."""
    if views is not None:
        values[views.place] = of_views(views.records)
    return values
