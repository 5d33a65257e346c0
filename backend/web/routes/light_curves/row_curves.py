"""/api/light-curves/<id>/curve: the light curve of a row."""

from apiflask import APIBlueprint
from flask import Response

from backend.errors import Invalid, NotFound
from backend.services.curves.row_curve import row_curve
from backend.web.access import usable_curve_set, usable_dataset
from backend.web.current import services
from backend.web.json_provider import respond
from backend.web.schemas.curves.rows import RowCurve, RowCurveQuery

row_curves_bp = APIBlueprint(
    "row_curves", __name__, url_prefix="/api/light-curves", tag="Light curves"
)


@row_curves_bp.get("/<int:curve_set_id>/curve")
@row_curves_bp.input(RowCurveQuery, location="query")
@row_curves_bp.output(RowCurve)
@row_curves_bp.doc(responses={409: "Files of the set or of the dataset are missing on the server"})
def get_row_curve(curve_set_id: int, query_data: RowCurveQuery) -> Response:
    """Return the light curve of one accepted row: time series, folded views, numbers.

    It is cleaned, flattened and folded with the period and epoch of the row; the transits of other
    rows of the star are left out.
    """
    with services().database.read() as connection:
        curve_set = usable_curve_set(connection, curve_set_id)
        dataset = usable_dataset(connection, query_data.dataset_id)
    if dataset["workspace_id"] != curve_set["workspace_id"]:
        raise NotFound(f"There is no dataset {dataset['id']} in this workspace.")
    if query_data.row >= dataset["num_samples"]:
        raise Invalid.field(
            "row",
            f"Expected a whole number from 0 to {dataset['num_samples'] - 1}, "
            f"received {query_data.row}.",
        )
    return respond(RowCurve, row_curve(services(), curve_set, dataset, query_data.row))
