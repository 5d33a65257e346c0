"""The models that a worker keeps in memory."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.storage.layout import Storage
from backend.training.model_file import load_verified_model, predict_rows
from backend.transit.catalog.reader import band
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks.outputs import PREDICTION_DTYPE
from backend.transit.rows import Rows

MODELS_KEPT_LOADED = 4


class LoadedModels:
    """Keeps the most recently used models in memory."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._models: dict[str, Any] = {}  # by sha256, the most recently used last

    def predict(self, model_file: str, sha256: str, rows: Rows, source: str) -> NDArray[np.void]:
        """Predict rows with a model whose file must have that sha256.

        Args:
            model_file: the model's name in the database.
            sha256: hexadecimal.
            rows: ROW_DTYPE, (n,).
            source: "exotrain", "koi" or "toi": the band of the limb darkening.

        Returns:
            PREDICTION_DTYPE, (n,).

        Raises:
            ModelFileError: the file is missing or is not the one that was saved.
        """
        model = self._models.pop(sha256, None)
        if model is None:
            model = load_verified_model(self._storage.model(model_file), sha256)
        self._models[sha256] = model
        while len(self._models) > MODELS_KEPT_LOADED:
            del self._models[next(iter(self._models))]
        geometry = transit_geometry(rows, band(source))
        predicted = np.empty(len(rows), PREDICTION_DTYPE)
        for name, values in predict_rows(model, rows, geometry, band(source)).items():
            predicted[name] = values
        predicted["geometry"] = geometry.to_records()
        return predicted
