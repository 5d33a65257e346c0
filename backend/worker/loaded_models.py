"""The models that a worker keeps in memory."""

from typing import Any

import numpy as np

from backend.storage.layout import Storage
from backend.training.model_file import load_verified_model, predict_rows
from backend.transit.catalog.reader import band

MODELS_KEPT_LOADED = 4


class LoadedModels:
    """The models used last, kept in memory."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._models: dict[str, Any] = {}  # by sha256, the one used last at the end

    def predict(
        self, model_file: str, sha256: str, rows: np.ndarray, source: str
    ) -> dict[str, np.ndarray]:
        """Predict rows with a model whose file must have that sha256.

        Returns:
            probabilities float64 (n, 3), period float64 (n,) days, depth_ppm float64 (n,).

        Raises:
            ModelFileError: the file is missing or is not the one that was saved.
        """
        model = self._models.pop(sha256, None)
        if model is None:
            model = load_verified_model(self._storage.model(model_file), sha256)
        self._models[sha256] = model
        while len(self._models) > MODELS_KEPT_LOADED:
            del self._models[next(iter(self._models))]
        return predict_rows(model, rows, band(source))
