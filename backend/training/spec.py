"""The spec of a session, and the exceptions that end it early; without Keras."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from backend import wire
from backend.training import defaults
from backend.transit.networks import registry

# What sessions did before these were settings.
UP_TO_0_4_0: dict[str, Any] = {
    "grouping": "star",
    "use_relations": False,
    "use_stellar_uncertainties": False,
}

# And before these were; a session of theirs tests no fold and joins no models.
UP_TO_0_5_0: dict[str, Any] = {
    **{"folds": None, "fold": None, "fold_seed": None},
    **{"joined_study": None, "members": None},
    **{"dataset_version": 0, "dataset_version_sha256": None},
    **{"curve_set_id": None, "curves_sha256": None, "curve_recipe": None},
    **{"use_weights": False, "use_kinds": False},
}


@dataclass(frozen=True)
class JoinedFile:
    """A model that becomes a part of a joined one; its manifest and test rows lie beside it.

    Attributes:
        path: of the `.keras` file.
        sha256: of that file, as it was when the model was saved.
        seed, fold: of the session that saved it.
    """

    path: Path
    sha256: str
    seed: int
    fold: int


@dataclass(frozen=True)
class TrainingSpec:
    """One training session on this machine: a `wire.Spec` with the places of its files.

    Attributes:
        session_id: names the session in the manifest.
        table: `.npy` of `ROW_DTYPE`, the dataset's accepted rows.
        evidence: `.npy` of `EVIDENCE_DTYPE` and what the table has of `TEACHING_DTYPE`, of the same
            rows; needed by some groupings, and for their weights and kinds.
        source: the form of the catalogue, "exotrain", "koi", "k2" or "toi": the photometric band.
        dataset_sha256: of the uploaded file, and of how it is read if that was said.
        dataset_name: of the uploaded file.
        simulated: whether exotrain's simulator made the catalogue; None: not known.
        model_name: the name that the user gave the model.
        model_path: where the finished `.keras` file goes; its manifest (`.json`), the test
            predictions (`.test.npy`) and the training rows (`.neighbours.npy`) go beside it.
        checkpoint: the file that holds the state after the last finished epoch.
        keep: train no further epoch: evaluate and save the best one of the checkpoint, which stays.
        validation_split, test_split: fractions of the rows, of the stars where these are split;
            a test split of 0 means no evaluation.
        ensemble: how many networks are trained; the saved model is their mean.
        patience: epochs without a better validation loss of the label before the end.
        grouping: what stays in one part of the split: "star", "rows" or "ephemeris", see `Spec`.
        use_relations: whether the network also sees what other rows say of a row, and how well it
            is known; use_stellar_uncertainties: and how well its star is.
        folds, fold, fold_seed: the groups are divided into so many folds by that seed, and those of
            one of them, from 1, are the test rows; None: the test rows are `test_split` of all.
        joined_study: whose models are joined to one, and nothing is trained; None: of no study.
        members: these models.
        dataset_version, dataset_version_sha256: whose labels it learns; 0: those of the file.
        labels: `.npy` of int8, those of the version; None: those in the table.
        curve_set_id, curves_sha256, curve_recipe: whose light curves it learns from, in which
            version, and how their views are made; None: from none.
        views: `.npy` of `VIEW_ROW_DTYPE`, these views; needed by a network that reads them.
        use_weights: whether rows count in the learning as much as their table says.
        use_kinds: whether a network that reads light curves learns the kinds of false positives.
        curve_memory_mb: what is learnt from curves is kept if it takes at most this much, else
            made batch by batch.
    """

    session_id: int
    table: Path
    source: str
    dataset_sha256: str
    model_name: str
    model_path: Path
    checkpoint: Path
    epochs: int = defaults.EPOCHS
    batch_size: int = defaults.BATCH_SIZE
    learning_rate: float = defaults.LEARNING_RATE
    validation_split: float = defaults.VALIDATION_SPLIT
    test_split: float = defaults.TEST_SPLIT
    patience: int = defaults.PATIENCE
    seed: int = 0
    network: str = defaults.NETWORK
    ensemble: int = defaults.ENSEMBLE
    curve_memory_mb: int = 500
    keep: bool = False
    dataset_name: str | None = None
    simulated: bool | None = None
    grouping: str = "star"
    evidence: Path | None = None
    use_relations: bool = False
    use_stellar_uncertainties: bool = False
    folds: int | None = None
    fold: int | None = None
    fold_seed: int | None = None
    joined_study: int | None = None
    members: tuple[JoinedFile, ...] | None = None
    dataset_version: int = 0
    dataset_version_sha256: str | None = None
    labels: Path | None = None
    curve_set_id: int | None = None
    curves_sha256: str | None = None
    curve_recipe: int | None = None
    views: Path | None = None
    use_weights: bool = False
    use_kinds: bool = False


class UnusableSpec(ValueError):
    """A stored spec that this version cannot read; the message names the fields."""


def upgrade_spec(stored: dict[str, Any]) -> wire.Spec:
    """Read the spec of a stored session, whichever version wrote it.

    0.1.0 and earlier wrote no version number; before 0.1.0 a session trained one network, and
    `ensemble` was not a setting.

    Args:
        stored: the session's `spec` in the database; stays as it is.

    Raises:
        UnusableSpec: a field is missing, unknown or of a wrong type, or a later version wrote it.
    """
    fields = stored if "version" in stored else {"ensemble": 1, **stored, "version": 2}
    try:
        return wire.Spec.model_validate(fields)
    except ValidationError as error:
        raise UnusableSpec(
            "The settings of this session were stored by another version of exotrain, which this "
            f"one cannot read ({wire.explain(error)}). Start a new session."
        ) from error


def reads_views(spec: Mapping[str, Any]) -> bool:
    """Whether a session of a stored spec learns from light curves; one that joins models does not.

    Args:
        spec: as in the database; that of any version.
    """
    network = registry.NETWORKS.get(spec.get("network", ""))
    reads = network is not None and network.takes_curves and not spec.get("members")
    return bool(reads and spec.get("curves_sha256") is not None)


class DataError(ValueError):
    """The dataset cannot serve this spec; the message names the numbers."""


class NothingToKeep(RuntimeError):
    """The finished epochs of a session that is to be kept cannot be read."""


class Diverged(RuntimeError):
    """The loss stopped being a finite number."""


class Cancelled(Exception):
    """The session was asked to end now and keep nothing."""
