"""/metrics: the numbers of the server, for Prometheus."""

from apiflask import APIBlueprint
from flask import Response

from backend.errors import Forbidden
from backend.services.monitoring.metrics import CONTENT_TYPE
from backend.web.auth import current_user
from backend.web.current import services

metrics_bp = APIBlueprint("metrics", __name__)


@metrics_bp.get("/metrics")
@metrics_bp.doc(hide=True)
def get_metrics() -> Response:
    """The numbers, in the text format of Prometheus.

    They are of the whole server: only the administrator sees them, unless everybody does.

    Raises:
        Forbidden: the user is not the administrator.
    """
    if services().settings.metrics != "open" and not current_user()["is_admin"]:
        raise Forbidden("Only the administrator may read the metrics of the server.")
    response = Response(services().metrics.text(), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
