"""The server's health, and the pages that are open to everybody."""

from apiflask import APIBlueprint
from flask import Response, send_from_directory

from backend.config import REPOSITORY, VERSION
from backend.database import sessions
from backend.database.connection import Record
from backend.web.current import services
from backend.web.schemas.site import Health

FRONTEND = REPOSITORY / "frontend"

site_bp = APIBlueprint("site", __name__, tag="Server")


@site_bp.get("/api/health")
@site_bp.output(Health)
def get_health() -> Record:
    """Return the state of the server and the length of the queue.

    A server that is `degraded` answers; the reasons say what does not work.
    """
    predictor = services().predictor
    with services().database.read() as connection:
        queue = {name: sessions.count(connection, name) for name in ("pending", "training")}
    reasons = [each._asdict() for each in services().troubles.current()]
    return {
        "status": "degraded" if reasons else "healthy",
        "reasons": reasons,
        "version": VERSION,
        "model_loaded": predictor is not None and predictor.is_model_loaded,
        "queue": queue,
    }


@site_bp.get("/")
@site_bp.doc(hide=True)
def home() -> Response:
    """The web page; the part of the address after # selects the view."""
    return send_from_directory(FRONTEND, "index.html")


@site_bp.get("/api/docs")
@site_bp.doc(hide=True)
def docs() -> Response:
    """The viewer of the OpenAPI document."""
    return send_from_directory(FRONTEND, "api-docs.html")


@site_bp.get("/example_dataset.csv")
@site_bp.doc(hide=True)
def example_dataset() -> Response:
    """The simulated catalogue that the web page offers as an example."""
    return send_from_directory(REPOSITORY, "example_dataset.csv", mimetype="text/csv")


@site_bp.get("/favicon.ico")
@site_bp.doc(hide=True)
def favicon() -> Response:
    """The icon that browsers ask for by themselves."""
    return send_from_directory(FRONTEND, "icon.svg", mimetype="image/svg+xml")
