"""/api/curve and a dataset's curves: what the network will see of a candidate."""

from typing import Any

import numpy as np
from apiflask import APIBlueprint

from backend.database.connection import Record
from backend.errors import Invalid
from backend.storage.dataset_table import read_rows
from backend.transit.catalog.reader import band
from backend.transit.light_curve.curve import phase, transit_curves, transit_geometry
from backend.transit.rows import as_rows
from backend.web.auth import usable_dataset
from backend.web.current import services
from backend.web.schemas.datasets import Curve, CurveParameters, CurveQuery, CurveRequest

curves_bp = APIBlueprint("curves", __name__, url_prefix="/api", tag="Curves")


@curves_bp.get("/training/dataset/<int:dataset_id>/curve")
@curves_bp.input(CurveQuery, location="query")
@curves_bp.output(Curve)
def dataset_curve(dataset_id: int, query_data: CurveQuery) -> Record:
    """Give the curve of one accepted row; rows count from 0."""
    with services().database.read() as connection:
        dataset = usable_dataset(connection, dataset_id)
    if query_data.row >= dataset["num_samples"]:
        raise Invalid.field(
            "row", f"expected 0 to {dataset['num_samples'] - 1}, received {query_data.row}"
        )
    path = services().storage.table(dataset["workspace_id"], dataset["sha256"])
    _, rows = read_rows(path, query_data.row, 1)
    return {**curve_of(rows, dataset["source"]), "line": int(rows["line"][0])}


@curves_bp.post("/curve")
@curves_bp.input(CurveRequest)
@curves_bp.output(Curve)
def candidate_curve(json_data: CurveRequest) -> Record:
    """Give the curve of a candidate."""
    return {**curve_of(as_rows([json_data.numbers()]), json_data.source), "line": None}


def curve_of(rows: np.ndarray, source: str) -> dict[str, Any]:
    """The curve of a single row, and the geometry behind it.

    Args:
        rows: `ROW_DTYPE`, (1,).
        source: the form of the catalogue; it gives the band.
    """
    geometry = transit_geometry(rows, band(source))
    numbers = [name for name in CurveParameters.model_fields if name != "flags"]
    return {
        "phase": phase().tolist(),
        "flux": transit_curves(geometry, dtype=np.float64)[0].tolist(),
        "parameters": {
            **{name: float(getattr(geometry, name)[0]) for name in numbers},
            "flags": geometry.flag_names(0),
        },
    }
