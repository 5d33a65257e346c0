"""/api/curve and the curves of a dataset: the light curve that the network sees."""

from typing import Any

import numpy as np
from apiflask import APIBlueprint

from backend.database.connection import Record
from backend.errors import Invalid
from backend.storage.dataset_table import read_rows
from backend.transit.catalog.reader import band
from backend.transit.light_curve.curve import phase, transit_curves
from backend.transit.light_curve.exact import bins_in_transit, exact_transit
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.rows import as_rows
from backend.web.access import usable_dataset
from backend.web.current import services
from backend.web.schemas.datasets import Curve, CurveParameters, CurveQuery, CurveRequest

curves_bp = APIBlueprint("curves", __name__, url_prefix="/api", tag="Curves")


@curves_bp.get("/training/dataset/<int:dataset_id>/curve")
@curves_bp.input(CurveQuery, location="query")
@curves_bp.output(Curve)
@curves_bp.doc(responses={409: "The rows of the dataset are missing on the server"})
def get_dataset_curve(dataset_id: int, query_data: CurveQuery) -> Record:
    """Return the light curve of one accepted row; rows count from 0."""
    with services().database.read() as connection:
        dataset = usable_dataset(connection, dataset_id)
    if query_data.row >= dataset["num_samples"]:
        raise Invalid.field(
            "row",
            f"Expected a whole number from 0 to {dataset['num_samples'] - 1}, "
            f"received {query_data.row}.",
        )
    path = services().tables.table(dataset)
    _, rows = read_rows(path, query_data.row, 1)
    return {**curve_of(rows, dataset["source"]), "line": int(rows["line"][0])}


@curves_bp.post("/curve")
@curves_bp.input(CurveRequest)
@curves_bp.output(Curve)
def compute_curve(json_data: CurveRequest) -> Record:
    """Compute the light curve of a candidate."""
    return {**curve_of(as_rows([json_data.numbers()]), json_data.source), "line": None}


def curve_of(rows: np.ndarray, source: str) -> dict[str, Any]:
    """The curve of one row, its geometry, and the exact transit where the bins do not show it.

    Args:
        rows: `ROW_DTYPE`, (1,).
        source: the survey of the catalogue; it sets the photometric band.
    """
    geometry = transit_geometry(rows, band(source))
    exact = exact_transit(geometry)
    numbers = [name for name in CurveParameters.model_fields if name != "flags"]
    return {
        "phase": phase().tolist(),
        "flux": transit_curves(geometry, dtype=np.float64)[0].tolist(),
        "bins_in_transit": float(bins_in_transit(geometry)[0]),
        "exact": exact and {name: values.tolist() for name, values in exact._asdict().items()},
        "parameters": {
            **{name: float(getattr(geometry, name)[0]) for name in numbers},
            "flags": geometry.flag_names(0),
        },
    }
