"""The models that a worker keeps in memory."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import wire
from backend.storage.layout import Storage
from backend.training.model_file import load_verified_model, predict_rows
from backend.training.results.kept_rows import load_neighbours
from backend.transit.catalog.reader import band
from backend.transit.columns import RELATION_COLUMNS, ROW_DTYPE
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.neighbours import TrainingNeighbours, no_neighbours
from backend.transit.networks.inputs import Matrix, RealViews, relation_matrix
from backend.transit.networks.outputs import PREDICTION_DTYPE
from backend.transit.networks.registry import RELATION_INPUT
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE
from backend.transit.rows import Rows
from backend.worker.memory import MODELS_KEPT_LOADED


class NotFinite(RuntimeError):
    """A model predicted something that is not a finite number; the message says what and where."""


class LoadedModels:
    """Keeps the most recently used models in memory."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        # By sha256, the most recently used last.
        self._models: dict[str, tuple[Any, TrainingNeighbours | None]] = {}

    def answer(self, request: wire.PredictionRequest) -> NDArray[np.void]:
        """Predict the rows of a request; see `predict`."""
        relations = request.relations
        return self.predict(
            request.model_file,
            request.sha256,
            np.frombuffer(request.rows, ROW_DTYPE),
            request.source,
            request.neighbours_sha256,
            None
            if relations is None
            else np.frombuffer(relations).reshape(-1, len(RELATION_COLUMNS)),
            _views(request.views),
        )

    def predict(
        self,
        model_file: str,
        sha256: str,
        rows: Rows,
        source: str,
        neighbours_sha256: str | None = None,
        relations: NDArray[np.float64] | None = None,
        views: RealViews | None = None,
    ) -> NDArray[np.void]:
        """Predict rows with a model whose file must have that sha256.

        Args:
            model_file: the model's name in the database.
            sha256: hexadecimal.
            rows: ROW_DTYPE, (n,).
            source: "exotrain", "koi", "k2" or "toi": the band of the limb darkening.
            neighbours_sha256: of the training rows beside the model; None: it has none.
            relations: float64, (n, 14), in the order of RELATION_COLUMNS; None: unknown. A model
                that learnt from fewer of them, or from none, takes those.
            views: what light curves show of them, for a model that reads them; None: none has one.

        Returns:
            PREDICTION_DTYPE, (n,).

        Raises:
            ModelFileError: a file is missing or is not the one that was saved.
            NotFinite: a prediction is not a finite number.
        """
        model, neighbours = self._loaded(model_file, sha256, neighbours_sha256)
        geometry = transit_geometry(rows, band(source))
        predicted = np.empty(len(rows), PREDICTION_DTYPE)
        related = _relation_input(model, relations)
        columns = predict_rows(model, rows, geometry, band(source), related, views)
        for name, values in columns.items():
            _check_finite(name, values, rows)
            predicted[name] = values
        predicted["geometry"] = geometry.to_records()
        predicted["nearest"] = (
            neighbours.nearest(rows) if neighbours is not None else no_neighbours(len(rows))
        )
        return predicted

    def _loaded(
        self, model_file: str, sha256: str, neighbours_sha256: str | None
    ) -> tuple[Any, TrainingNeighbours | None]:
        found = self._models.pop(sha256, None)
        if found is None:
            model = load_verified_model(self._storage.model(model_file), sha256)
            neighbours = neighbours_sha256 and load_neighbours(
                self._storage.model_neighbours(model_file), neighbours_sha256
            )
            found = model, neighbours or None
        self._models[sha256] = found
        while len(self._models) > MODELS_KEPT_LOADED:
            del self._models[next(iter(self._models))]
        return found


def _views(packed: bytes | None) -> RealViews | None:
    """The views of a request."""
    if packed is None:
        return None
    records = np.frombuffer(packed, VIEW_ROW_DTYPE)
    return RealViews(records["row"].astype(np.intp), records)


def _relation_input(model: Any, relations: NDArray[np.float64] | None) -> Matrix | None:
    """The `relation_input` of a model; None where it has none or nothing is known."""
    if relations is None:
        return None
    widths = [each.shape[-1] for each in model.inputs if each.name == RELATION_INPUT]
    return relation_matrix(relations, widths[0]) if widths else None


def _check_finite(name: str, values: NDArray[np.float64], rows: Rows) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        position = bad[0][0]
        line = rows["line"][position]  # 0 where the rows are of no file
        place = f"line {line}" if line else f"row {position + 1}"
        raise NotFinite(
            f"The model predicted a {name} that is not a finite number for {place}; "
            "use another model, or train one with a smaller learning_rate."
        )
