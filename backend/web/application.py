"""Wires the application: services, limits, identity, errors, routes, commands."""

from apiflask import APIFlask
from flask_compress import Compress
from flask_cors import CORS

from backend import request_ids
from backend.config import REPOSITORY, VERSION, Settings
from backend.database import Database
from backend.services.context import Services
from backend.storage.layout import Storage
from backend.web import (
    auth,
    commands,
    current,
    openapi,
    problem_details,
    request_body,
    response_headers,
)
from backend.web.routes.accounts import accounts_bp
from backend.web.routes.analyses import analyses_bp
from backend.web.routes.audit import audit_bp
from backend.web.routes.batches import batches_bp
from backend.web.routes.bin import bin_bp
from backend.web.routes.curves import curves_bp
from backend.web.routes.datasets import datasets_bp
from backend.web.routes.light_curves.row_curves import row_curves_bp
from backend.web.routes.light_curves.server_folder import server_folder_bp
from backend.web.routes.light_curves.sets import light_curves_bp
from backend.web.routes.light_curves.uploads import curve_uploads_bp
from backend.web.routes.light_curves.views import curve_views_bp
from backend.web.routes.many_models import many_models_bp
from backend.web.routes.metrics import metrics_bp
from backend.web.routes.models import models_bp
from backend.web.routes.predictions import predictions_bp
from backend.web.routes.site import site_bp
from backend.web.routes.training.bulk import bulk_bp
from backend.web.routes.training.cluster import cluster_bp
from backend.web.routes.training.doubts import doubts_bp
from backend.web.routes.training.evaluations import evaluation_bp
from backend.web.routes.training.kept import kept_bp
from backend.web.routes.training.labels import labels_bp
from backend.web.routes.training.listing import listing_bp
from backend.web.routes.training.networks import networks_bp
from backend.web.routes.training.sessions import training_bp
from backend.web.routes.training.studies import studies_bp
from backend.web.routes.training.study_comparisons import study_comparisons_bp
from backend.web.routes.training.study_model import study_model_bp
from backend.web.routes.training.study_predictions import study_predictions_bp
from backend.web.routes.workspaces import workspaces_bp
from backend.web.tracing import noticing

BLUEPRINTS = (
    site_bp,
    accounts_bp,
    workspaces_bp,
    datasets_bp,
    labels_bp,
    curves_bp,
    training_bp,
    bulk_bp,
    listing_bp,
    studies_bp,
    study_predictions_bp,
    study_model_bp,
    doubts_bp,
    study_comparisons_bp,
    kept_bp,
    evaluation_bp,
    cluster_bp,
    networks_bp,
    models_bp,
    many_models_bp,
    predictions_bp,
    batches_bp,
    curve_uploads_bp,
    light_curves_bp,
    server_folder_bp,
    row_curves_bp,
    curve_views_bp,
    bin_bp,
    analyses_bp,
    audit_bp,
)


def make_app(settings: Settings) -> APIFlask:
    """The application for the data folder of `settings`; nothing runs in the background."""
    app = APIFlask(
        "backend",
        title="exotrain",
        version=VERSION,
        spec_path="/api/openapi.json",
        docs_path=None,
        static_folder=str(REPOSITORY / "frontend"),
        static_url_path="/static",
    )
    app.config["COMPRESS_ALGORITHM_STREAMING"] = ["br", "zstd", "gzip"]
    storage = Storage(settings.data_dir)
    storage.make_folders()
    database = Database(settings.data_dir / "exotrain.db")
    current.attach(app, Services(settings, database, storage))
    # Registered first, runs last: the ETag is computed before the body is compressed.
    Compress(app)
    for part in (noticing, auth, request_body, problem_details, openapi, response_headers):
        part.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.metrics != "off":
        app.register_blueprint(metrics_bp)
    _allow_origins(app, settings.cors_origins)
    commands.init_app(app)
    return app


def _allow_origins(app: APIFlask, origins: tuple[str, ...]) -> None:
    if not origins:
        return
    CORS(
        app,
        resources={r"/api/.*": {"origins": list(origins)}},
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-None-Match",
            request_ids.HEADER,
        ],
        expose_headers=[
            "Content-Disposition",
            "ETag",
            "Exotrain-Columns",
            "Exotrain-Dialect",
            "Exotrain-File",
            "Exotrain-Model",
            "Exotrain-Source",
            "Exotrain-Unlike-Training",
            "Location",
            "Retry-After",
            request_ids.HEADER,
        ],
        max_age=600,
    )
