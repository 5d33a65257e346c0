"""Trains one of the product's networks on some rows of a table, to classify others with it."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.training import defaults
from backend.training.spec import TrainingSpec
from backend.training.split import Split
from backend.transit.columns import LIGHT_CURVE
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Index, Rows

# From a table, rows of it, what light curves show of them, and whether that is hidden to calibrated
# probabilities, float64, (n, 3).
Predict = Callable[[Rows, Index, ViewRows | None, bool], NDArray[np.float64]]


@dataclass(frozen=True)
class Recipe:
    """What is trained.

    Attributes:
        network: of the registry.
        source: the survey, "koi" or "toi".
        seed: of weights, batches and calibration.
        epochs: at most so many.
    """

    network: str
    source: str
    seed: int
    epochs: int = defaults.EPOCHS


def learn(
    recipe: Recipe,
    table: Rows,
    views: ViewRows | None,
    split: Split,
    kept: dict[str, Any],
    taught: Rows | None = None,
) -> Predict:
    """Train a network, without relations to other rows.

    Args:
        recipe: what is trained.
        table: ROW_DTYPE, (n,).
        views: VIEW_ROW_DTYPE, of some of the rows; None for a network that reads none.
        split: of the table's rows; the test rows are not looked at.
        kept: traced networks by name, which the next call can use again; empty at first. A network
            predicts only until the next of its name is trained.
        taught: of TEACHING_DTYPE, (n,), how much each row counts and which kind of false positive
            it is; None: all count alike.
    """
    from backend.training import keras_setup
    from backend.training.examples.teaching import NOTHING_TAUGHT, Teaching, kinds_of, weights_of
    from backend.training.fit import examples, fit_network
    from backend.training.results.evaluate import publish_calibrated
    from backend.training.results.predict import predict

    keras_setup.prepare_tensorflow()
    teaching = NOTHING_TAUGHT
    if taught is not None:
        kinds = kinds_of(taught, table["label"], split.train)
        teaching = Teaching(weights_of(taught), *kinds)
    with tempfile.TemporaryDirectory() as folder:
        spec = _spec(recipe, Path(folder))
        trained = fit_network(
            spec,
            table,
            split,
            _ignore,
            _never_stop,
            prepared=kept.get(recipe.network),
            views=views,
            teaching=teaching,
        )
    kept[recipe.network] = trained.steps
    published = publish_calibrated(
        trained.steps, trained.validation, split.validation_groups, recipe.seed
    )

    def probabilities(
        table: Rows, rows: Index, views: ViewRows | None, is_hidden: bool
    ) -> NDArray[np.float64]:
        asked = examples(spec, trained.steps, table, rows, None, _never_stop, views)
        if is_hidden:
            asked = asked.without((LIGHT_CURVE,), np.arange(len(rows)))
        found = predict(trained.steps, asked, published.calibration, _never_stop)
        return np.asarray(found["probabilities"])

    return probabilities


def _spec(recipe: Recipe, folder: Path) -> TrainingSpec:
    return TrainingSpec(
        session_id=0,
        table=folder,
        source=recipe.source,
        dataset_sha256="",
        model_name="benchmark",
        model_path=folder / "none.keras",
        checkpoint=folder / "none.ckpt",
        epochs=recipe.epochs,
        seed=recipe.seed,
        network=recipe.network,
    )


def _ignore(event: Any) -> None:
    return None


def _never_stop() -> None:
    return None
