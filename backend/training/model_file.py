"""Models in files: writing one, loading one after checking its hash, predicting with it."""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from backend.training import keras_setup  # before Keras: it chooses the backend

import keras  # isort: skip
import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS, ROW_DTYPE
from backend.transit.light_curve.orbit import Geometry, transit_geometry
from backend.transit.networks.inputs import Matrix, RealViews, network_inputs
from backend.transit.networks.registry import RELATION_INPUT

# By the names that PREDICTION_DTYPE has for them.
PredictedColumns = dict[str, NDArray[np.float64]]


_NOT_THERE = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)

_WHAT_TO_DO = "Restore it from a backup, or train the model again."


class ModelFileError(RuntimeError):
    """A model's file is missing, or is not the one that was saved."""


class TracedModel:
    """A loaded model, traced for one row and for any number of them.

    It computes what the model's own `predict_on_batch` does, bit by bit, without the milliseconds
    that Keras takes to prepare each call: half of a single prediction.
    """

    def __init__(self, model: keras.Model) -> None:
        self.inputs = model.inputs
        self._of_one = _traced(model, 1)
        self._of_any = _traced(model, None)

    def predict_on_batch(self, inputs: Mapping[str, Matrix]) -> list[Matrix]:
        """The outputs of the model for inputs by name."""
        ordered = [inputs[each.name] for each in self.inputs]
        function = self._of_one if len(ordered[0]) == 1 else self._of_any
        return [each.numpy() for each in function(*ordered)]


def serialise(model: keras.Model) -> bytes:
    """The bytes of a model's `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def load_verified_model(path: Path, sha256: str) -> TracedModel:
    """Load a model whose file has the given hash; safe mode, nothing compiled.

    Args:
        path: of the `.keras` file.
        sha256: hexadecimal, as it was when the model was saved.

    Raises:
        ModelFileError: the file is missing, was changed, or is not a model.
        OSError: it could not be read now; it may be whole.
    """
    model = TracedModel(load_plain_model(path, sha256))
    _warm_up(model)
    return model


def load_plain_model(path: Path, sha256: str) -> keras.Model:
    """Load a model as `load_verified_model` does, as Keras has it, not traced."""
    content = read_verified(path, sha256)
    keras_setup.prepare_tensorflow()
    return _deserialise(content, path.name)


def read_verified(path: Path, sha256: str) -> bytes:
    """The bytes of a file of a model, which must have the given hash.

    Args:
        path: of the file.
        sha256: hexadecimal, as it was when the model was saved.

    Raises:
        ModelFileError: the file is missing, or was changed.
        OSError: it could not be read now; it may be whole.
    """
    try:
        content = path.read_bytes()
    except _NOT_THERE as error:
        raise ModelFileError(
            f"The model's file {path.name} cannot be read on the server: {error.strerror}. "
            f"{_WHAT_TO_DO}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelFileError(
            f"The model's file {path.name} is not the one that was saved: expected sha256 "
            f"{sha256}, found {found}. {_WHAT_TO_DO}"
        )
    return content


def predict_rows(
    model: keras.Model | TracedModel,
    rows: NDArray[np.void],
    geometry: Geometry,
    band: str,
    relations: Matrix | None = None,
    views: RealViews | None = None,
) -> PredictedColumns:
    """Predict rows, all at once: the caller sends chunks.

    Args:
        model: from `load_verified_model`, or one that was just trained.
        rows: ROW_DTYPE, (n,); features may be NaN, labels are ignored.
        geometry: of these rows, from `transit_geometry`.
        band: of the survey, "kepler" or "tess".
        relations: float32, (n, k), the rows' `relation_input`, for a model that has it; None:
            unknown.
        views: what light curves show of them, for a model that reads them; None: none has one.

    Returns:
        probabilities: float64, (n, 3), in the order of `LABELS`, each row summing to 1; period:
        float64, (n,), days; depth_ppm: float64, (n,), ppm.
    """
    if not len(rows):
        nothing = np.zeros(0)
        empty = np.zeros((0, len(LABELS)))
        return {"probabilities": empty, "period": nothing, "depth_ppm": nothing}
    shapes = {tensor.name: tuple(tensor.shape) for tensor in model.inputs}
    if relations is None and RELATION_INPUT in shapes:
        relations = np.full((len(rows), shapes[RELATION_INPUT][-1]), np.nan, np.float32)
    inputs = network_inputs(rows, geometry, band, shapes, relations, views)
    label, period, depth = model.predict_on_batch(inputs)
    probabilities = np.asarray(label, dtype=np.float64)
    return {
        "probabilities": probabilities / probabilities.sum(axis=1, keepdims=True),
        "period": np.asarray(period, dtype=np.float64)[:, 0],
        "depth_ppm": np.asarray(depth, dtype=np.float64)[:, 0],
    }


def _deserialise(content: bytes, name: str) -> keras.Model:
    with tempfile.TemporaryDirectory() as folder:
        # What was hashed is what is loaded, whatever happens to the file meanwhile.
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        try:
            return keras.saving.load_model(path, compile=False, safe_mode=True)
        except (ValueError, TypeError, KeyError, OSError) as error:
            raise ModelFileError(f"The file {name} is not a Keras model: {error}") from error


def _traced(model: keras.Model, rows: int | None) -> Callable[..., Any]:
    import tensorflow as tf

    names = [each.name for each in model.inputs]
    signature = [tf.TensorSpec((rows, *each.shape[1:]), each.dtype) for each in model.inputs]

    def predict(*inputs: Any) -> Any:
        return model(dict(zip(names, inputs, strict=True)), training=False)

    function = tf.function(predict, signature, autograph=False).get_concrete_function()
    return lambda *inputs: function(*map(tf.constant, inputs))


def _warm_up(model: TracedModel) -> None:
    """Run both traced functions once: TensorFlow optimises them then."""
    rows = np.zeros(2, dtype=ROW_DTYPE)
    for name, value in (("period", 10.0), ("duration", 3.0), ("depth", 1000.0)):
        rows[name] = value
    geometry = transit_geometry(rows, "tess")
    for count in (1, 2):
        predict_rows(model, rows[:count], geometry[:count], "tess")
