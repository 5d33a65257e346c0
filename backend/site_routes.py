"""The server's health, and the pages that are open to everybody."""

from apiflask import APIBlueprint
from flask import Response, redirect, send_from_directory, url_for
from werkzeug.wrappers import Response as BaseResponse

from backend import VERSION
from backend.config import REPOSITORY
from backend.database import sessions
from backend.database.records import Record
from backend.schemas.site import Health
from backend.services import services

FRONTEND = REPOSITORY / "frontend"

site_bp = APIBlueprint("site", __name__, tag="Server")


@site_bp.get("/api/health")
@site_bp.output(Health)
@site_bp.doc(security=[{}])
def health() -> Record:
    """Tell that the server answers, and how much waits."""
    predictor = services().predictor
    with services().database.read() as connection:
        queue = {name: sessions.count(connection, name) for name in ("pending", "training")}
    return {
        "version": VERSION,
        "model_loaded": predictor is not None and predictor.is_model_loaded,
        "queue": queue,
    }


@site_bp.get("/")
@site_bp.doc(hide=True)
def home() -> BaseResponse:
    """The front page."""
    return redirect(url_for("site.docs"))


@site_bp.get("/api/docs")
@site_bp.doc(hide=True)
def docs() -> Response:
    """The viewer of the OpenAPI document."""
    return send_from_directory(FRONTEND, "api-docs.html")


@site_bp.get("/favicon.ico")
@site_bp.doc(hide=True)
def favicon() -> Response:
    """The icon that browsers ask for by themselves."""
    return send_from_directory(FRONTEND / "vendor" / "swagger-ui", "favicon-32x32.png")
