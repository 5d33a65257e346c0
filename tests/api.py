"""A user of the application under test, and small real things to work with."""

import io
import itertools
from pathlib import Path
from typing import Any

import numpy as np
from flask.testing import FlaskClient
from numpy.typing import NDArray
from werkzeug.test import TestResponse

from backend.database import finished_epochs, models, sessions
from backend.database.schema import now
from backend.services.context import Services
from backend.storage.atomic import sha256_of
from backend.training.results.save import TEST_ROW_DTYPE
from backend.transit.catalog.reader import band
from backend.transit.columns import LABELS
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.neighbours import no_neighbours
from backend.transit.networks.outputs import PREDICTION_DTYPE
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Rows
from backend.web.current import services_of

HEADER = "period,duration,depth,impact,snr,steff,srad,slogg,tmag,label,star"

CANDIDATE = {"period": 3.5, "duration": 3.0, "depth": 8000.0}

_BATCH = "/api/predict/batch"
_STUDIES = "/api/training/studies"
_UPLOAD = "/api/training/upload-dataset"


class Api:
    """One user's calls."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, expect: int | None = 200, **options: Any) -> Any:
        """The answer's JSON, its status checked; with `expect` None the response itself."""
        headers = {**self.headers, **options.pop("headers", {})}
        response = self.client.open(path, method=method, headers=headers, **options)
        if expect is None:
            return response
        text = response.get_data(as_text=True)
        assert response.status_code == expect, f"{method} {path}: {response.status} {text}"
        return response.get_json()

    def get(self, path: str, expect: int | None = 200, **options: Any) -> Any:
        return self.call("GET", path, expect, **options)

    def post(self, path: str, expect: int | None = 200, **options: Any) -> Any:
        return self.call("POST", path, expect, **options)

    def put(self, path: str, expect: int | None = 200, **options: Any) -> Any:
        return self.call("PUT", path, expect, **options)

    def patch(self, path: str, expect: int | None = 200, **options: Any) -> Any:
        return self.call("PATCH", path, expect, **options)

    def delete(self, path: str, expect: int | None = 200, **options: Any) -> Any:
        return self.call("DELETE", path, expect, **options)

    def workspace(self, name: str = "work") -> str:
        """The key of a new workspace."""
        return self.post("/api/workspaces", 201, json={"name": name})["workspace"]["key"]

    def new_user(self, name: str) -> "Api":
        """A new user; only the administrator can make one."""
        answer = self.post("/api/tokens", 201, json={"user": name})
        return Api(self.client, answer["token"])

    def upload(
        self, key: str, content: bytes | str, expect: int | None = 201, **fields: Any
    ) -> Any:
        """Upload a catalogue."""
        return self.post(_UPLOAD, expect, data=form(content, workspace_key=key, **fields))

    def dataset(self, key: str, rows: int = 90) -> int:
        """The id of a new dataset that can be trained on."""
        return self.upload(key, catalogue(rows))["dataset"]["id"]

    def start(self, key: str, dataset_id: int, expect: int | None = 202, **fields: Any) -> Any:
        """Start a session."""
        headers = fields.pop("headers", {})
        body = {"workspace_key": key, "dataset_id": dataset_id, **fields}
        return self.post("/api/training/start", expect, json=body, headers=headers)

    def study(self, key: str, dataset_id: int, expect: int | None = 202, **fields: Any) -> Any:
        """Start a study of three folds."""
        headers = fields.pop("headers", {})
        body = {"workspace_key": key, "dataset_id": dataset_id, "folds": 3, "name": "mine"}
        return self.post(_STUDIES, expect, json=body | fields, headers=headers)

    def grid(
        self, key: str, dataset_id: int, settings: list, expect: int | None = 202, **fields: Any
    ) -> Any:
        """Start a grid of these settings and two seeds."""
        headers = fields.pop("headers", {})
        body = {"workspace_key": key, "dataset_id": dataset_id, "kind": "grid", "name": "mine"}
        body |= {"settings": settings, "seeds": 2}
        return self.post(_STUDIES, expect, json=body | fields, headers=headers)

    def search(
        self, key: str, dataset_id: int, space: dict, expect: int | None = 202, **fields: Any
    ) -> Any:
        """Start a search of four trials."""
        headers = fields.pop("headers", {})
        body = {"workspace_key": key, "dataset_id": dataset_id, "kind": "search", "name": "mine"}
        return self.post(
            _STUDIES, expect, json=body | {"space": space, "trials": 4} | fields, headers=headers
        )

    def session(self, key: str, **fields: Any) -> int:
        """The id of a new pending session on a new dataset."""
        content = f"{catalogue(91)}# {next(_COUNTER)}\n"  # no other table of a test is the same
        dataset_id = self.upload(key, content)["dataset"]["id"]
        return self.start(key, dataset_id, **fields)["session"]["id"]

    def batch(self, key: str, content: bytes | str, expect: int | None, **fields: Any) -> Any:
        """Predict a catalogue."""
        return self.post(_BATCH, expect, data=form(content, workspace_key=key, **fields))


_COUNTER = itertools.count(1)


def form(content: bytes | str, file_name: str = "catalogue.csv", **fields: Any) -> dict:
    """The fields of a multipart form with a file."""
    data = content.encode() if isinstance(content, str) else content
    return {"file": (io.BytesIO(data), file_name), **fields}


def catalogue(rows: int = 90, header: str = HEADER) -> str:
    """A catalogue in exotrain format: the three classes in turn, a star for each row."""
    lines = [header]
    for i in range(rows):
        lines.append(
            f"{3 + 0.01 * i:.2f},2.5,{500 + i},0.2,{30 + i},5700,1.0,4.4,14.2,{i % 3},star-{i}"
        )
    return "\n".join(lines) + "\n"


def complete(services: Services, session_id: int, source: str = "exotrain", **manifest: Any) -> int:
    """End a session as the supervisor does, with a small file for a model; gives the model's id.

    The prediction worker is not asked about it: the file is no network.
    """
    with services.database.write() as connection:
        session = sessions.find(connection, session_id)
        assert session is not None
        file = f"{session['workspace_id']}/{session['model_name']}_{session_id}.keras"
        path = services.storage.model(file)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"model of session %d" % session_id)
        path.with_suffix(".json").write_text("{}")
        metrics = {"accuracy": 0.8, "val_accuracy": 0.75, "epoch_seconds": 1.5, "loss": 0.5}
        sessions.change(connection, session_id, status="training")
        finished_epochs.add(connection, session_id, 1, metrics)
        sessions.change(connection, session_id, metrics=metrics, best_epoch=1)
        sessions.end(connection, session_id, "completed")
        model = models.create(
            connection,
            session["workspace_id"],
            session_id=session_id,
            name=session["model_name"],
            file=file,
            sha256=sha256_of(path),
            file_size=path.stat().st_size,
            manifest={
                "spec": {"source": source},
                "training_ranges": {},
                "metrics": metrics,
                "evaluation": None,
                **manifest,
            },
        )
        sessions.change(connection, session_id, verdict=models.verdict_of(model))
    if services_current(services, model["workspace_id"]) == model["id"]:
        services.storage.promote(model["workspace_id"], file, model["sha256"])
    return model["id"]


def predict_part(
    services: Services,
    part: dict,
    rows: int = 90,
    folds: int = 3,
    probabilities: NDArray[np.float64] | None = None,
    **manifest: Any,
) -> int:
    """End a session of a study with a model, and predictions of its rows; gives the model's id.

    Those of its fold; in a grid, those that its seed tests. Of all rows the same probabilities, or
    those of (rows, 3).
    """
    first = part["seed"] % folds if part["fold"] is None else part["fold"] - 1
    model_id = complete(services, part["id"], **manifest)
    with services.database.write() as connection:
        session = sessions.find(connection, part["id"])
        assert session is not None
        evaluation = {
            **{"n_test": rows // folds, "accuracy": 0.5, "macro_f1": 0.4, "log_loss": 1.0},
            **{"ece": 0.1, "roc_auc": {"macro": 0.7}, "recall_at_precision": {"recall": None}},
            "baseline": {"all_columns": {"accuracy": 0.6, "macro_f1": 0.5, "log_loss": 0.9}},
        }
        sessions.change(connection, part["id"], evaluation=evaluation)
    name = f"{session['workspace_id']}/{session['model_name']}_{part['id']}.keras"
    tested = np.zeros(rows // folds, TEST_ROW_DTYPE)
    tested["row"] = tested["group"] = np.arange(first, rows, folds)
    tested["true"] = tested["row"] % 3
    tested["probabilities"] = (
        [0.2, 0.5, 0.3] if probabilities is None else probabilities[tested["row"]]
    )
    np.save(services.storage.model(name).with_suffix(".test.npy"), tested)
    return model_id


def fail(services: Services, session_id: int, epochs: int = 2) -> Path:
    """End a session as the supervisor does, with a small file for its finished epochs: its path."""
    error = {"reason": "crashed", "message": "The worker was killed twice."}
    kept = services.storage.kept_checkpoint(session_id)
    kept.write_bytes(b"epochs of session %d" % session_id)
    with services.database.write() as connection:
        sessions.change(connection, session_id, status="training", started_at=now())
        for epoch in range(1, epochs + 1):
            metrics = {"val_accuracy": 0.5, "val_label_loss": 1 / epoch, "epoch_seconds": 1.5}
            finished_epochs.add(connection, session_id, epoch, metrics)
        sessions.end(connection, session_id, "failed", error, kept.stat().st_size)
    return kept


def services_current(services: Services, workspace_id: int) -> int | None:
    """The id of a workspace's current model."""
    with services.database.read() as connection:
        current = models.current_models(connection)
    return next((each["id"] for each in current if each["workspace_id"] == workspace_id), None)


class DepthPredictor:
    """Predicts from the depth alone, by a formula: deep is false, shallow a candidate."""

    is_model_loaded = True

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, int, str]] = []
        self.rows: list[np.ndarray] = []
        self.views: list[ViewRows | None] = []
        self.neighbours: str | None = None
        self.relations: NDArray[np.float64] | None = None  # of the last call
        self.nearest = lambda rows: no_neighbours(len(rows))

    def predict(
        self,
        model_file: str,
        sha256: str,
        rows: Rows,
        source: str,
        user_id: int = 0,
        *,
        is_continued: bool = False,
        neighbours_sha256: str | None = None,
        relations: NDArray[np.float64] | None = None,
        views: ViewRows | None = None,
    ) -> NDArray[np.void]:
        self.calls.append((model_file, sha256, len(rows), source))
        self.neighbours = neighbours_sha256
        self.relations = relations
        self.views.append(views)
        self.rows.append(rows)
        share = np.clip(rows["depth"] / 20_000, 0, 1)
        predicted = np.empty(len(rows), PREDICTION_DTYPE)
        predicted["probabilities"] = np.stack([(1 - share) * 0.6, (1 - share) * 0.4, share], axis=1)
        predicted["period"] = rows["period"] * 1.5
        predicted["depth_ppm"] = rows["depth"] * 0.9
        predicted["geometry"] = transit_geometry(rows, band(source)).to_records()
        predicted["nearest"] = self.nearest(rows)
        return predicted


def use_depth_predictor(client: FlaskClient) -> DepthPredictor:
    """Give the application that predictor."""
    predictor = DepthPredictor()
    services_of(client.application).predictor = predictor
    return predictor


def problem_of(response: TestResponse) -> dict:
    """An error, checked for the one form that all have."""
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.get_json()
    assert problem.keys() >= {"type", "title", "status", "detail"}
    assert problem["status"] == response.status_code
    assert isinstance(problem["detail"], str)
    assert problem["detail"]
    return problem


assert LABELS == ("CANDIDATE", "CONFIRMED", "FALSE POSITIVE")  # the order of DepthPredictor
