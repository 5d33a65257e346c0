"""What a training is asked to do, and the ways in which it can end early; without Keras."""

from dataclasses import dataclass
from pathlib import Path

from backend.transit.networks import registry


@dataclass(frozen=True)
class TrainingSpec:
    """One training session.

    Attributes:
        session_id: names the session in the manifest.
        table: `.npy` of `ROW_DTYPE`, the dataset's accepted rows.
        source: the form of the catalogue, "exotrain", "koi" or "toi": the photometric band.
        dataset_sha256: of the uploaded file.
        model_name: what the user called the model.
        model_path: where the finished `.keras` file goes; its manifest (`.json`) and the test
            predictions (`.test.npy`) go beside it.
        checkpoint: the file that holds the state after the last finished epoch.
        validation_split, test_split: fractions of the stars; a test split of 0 means no
            evaluation.
        ensemble: how many networks are trained; the saved model is their mean.
        patience: epochs without a better validation loss of the label before the end.
        curve_memory_mb: a table whose curves take more is synthesised batch by batch.
    """

    session_id: int
    table: Path
    source: str
    dataset_sha256: str
    model_name: str
    model_path: Path
    checkpoint: Path
    epochs: int = registry.DEFAULT_EPOCHS
    batch_size: int = registry.DEFAULT_BATCH_SIZE
    learning_rate: float = registry.DEFAULT_LEARNING_RATE
    validation_split: float = registry.DEFAULT_VALIDATION_SPLIT
    test_split: float = registry.DEFAULT_TEST_SPLIT
    patience: int = registry.DEFAULT_PATIENCE
    seed: int = 0
    network: str = registry.DEFAULT_NETWORK
    ensemble: int = registry.DEFAULT_ENSEMBLE
    curve_memory_mb: int = 500


class DataError(ValueError):
    """The dataset cannot serve this spec; the message names the numbers."""


class Diverged(RuntimeError):
    """The loss stopped being a finite number."""


class Cancelled(Exception):
    """The session was asked to end now and keep nothing."""
