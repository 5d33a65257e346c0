"""What the server sends to a worker."""

from typing import Any, Literal, Self

import numpy as np
from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from backend.transit.columns import ROW_DTYPE
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE
from backend.transit.related import RELATED_DTYPE
from backend.wire.fields import Checked, PackedRelations, PackedRows, PackedViews


class Member(Checked):
    """A model that becomes a part of a joined one.

    Attributes:
        model_file: its name in the database.
        sha256: of that file.
        seed, fold: of the session that saved it.
    """

    model_file: str
    sha256: str
    seed: int
    fold: int


class Spec(Checked):
    """What a session trains, and on what: stored with the session, and sent to its worker.

    `training.spec.upgrade_spec` reads what earlier versions stored.

    Attributes:
        version: of these fields; specs of 0.1.0 and earlier have none.
        model_name: the name that the user gave the model.
        validation_split, test_split: fractions of the rows; of the stars where these are split.
        patience: epochs without a better validation loss before the end.
        ensemble: how many networks are trained; the saved model is their mean.
        dataset_sha256: of the uploaded file, and of how it is read if that was said.
        dataset_name: of the uploaded file.
        source: the format of the catalogue, "exotrain", "koi", "k2" or "toi".
        simulated: whether exotrain's simulator made the catalogue; None: not known (0.3.0).
        grouping: what stays in one part of the split. "star": the rows of a star, as up to 0.4.0;
            "rows": equal rows too; "ephemeris": and stars that share an ephemeris, by the evidence
            that the dataset had when the session began.
        use_relations, use_stellar_uncertainties, use_weights, use_kinds: see `TrainingSpec`.
        dataset_version, dataset_version_sha256: whose labels it learns; 0: those of the file.
        folds, fold, fold_seed: of a session that tests one fold of a table, as studies have them;
            see `TrainingSpec`. None: the test rows are `test_split` of all.
        curve_set_id: whose light curves it learns from; None: from none.
        curves_sha256, curve_recipe: of the version of that set, and how its views are made.
        cpus, gpus, memory_mb: what it reserves of a cluster; None: what the server's settings say.
        joined_study, members: of a session that trains nothing: the study and those of its models
            that are joined to one. None: of any other session.
    """

    version: Literal[2] = 2
    model_name: str
    epochs: int
    batch_size: int
    learning_rate: float
    validation_split: float
    test_split: float
    patience: int
    seed: int
    network: str
    ensemble: int
    dataset_sha256: str
    dataset_name: str
    source: str
    simulated: bool | None = None
    grouping: Literal["star", "rows", "ephemeris"] = "star"
    use_relations: bool = False
    use_stellar_uncertainties: bool = False
    folds: int | None = None
    fold: int | None = None
    fold_seed: int | None = None
    joined_study: int | None = None
    members: list[Member] | None = None
    dataset_version: int = 0
    dataset_version_sha256: str | None = None
    curve_set_id: int | None = None
    curves_sha256: str | None = None
    curve_recipe: int | None = None
    use_weights: bool = False
    use_kinds: bool = False
    cpus: int | None = None
    gpus: float | None = None
    memory_mb: int | None = None


class Train(Checked):
    """Train one session. The first command to a worker.

    Attributes:
        start: of the session's starts, from 1; each has a checkpoint and a model file of its own.
        model_file: the model's name in the database; with the workspace, the session, its start
            and the dataset's hash it says which files the worker reads and writes.
        memory_mb: the limit for the worker; None: no limit.
        keep: train no further epoch: evaluate and save the best one of the kept checkpoint.
    """

    kind: Literal["train"] = "train"
    session_id: int
    start: int
    workspace_id: int
    model_file: str
    memory_mb: int | None
    spec: Spec
    keep: bool


class Stop(Checked):
    """Finish the current epoch and keep the best weights."""

    kind: Literal["stop"] = "stop"


class ServePredictions(Checked):
    """Answer prediction requests until the input ends. The first command to a worker."""

    kind: Literal["predict"] = "predict"


class PredictionRequest(Checked):
    """Predict rows with a model.

    Attributes:
        id: comes back with the answer.
        model_file: the model's name in the database.
        sha256: the expected hash of that file.
        neighbours_sha256: that of the training rows beside it; None: the model has none.
        source: "exotrain", "koi", "k2" or "toi": the band of the limb darkening.
        rows: of ROW_DTYPE; none: only load the model.
        relations: float64, (n, 14), in the order of RELATION_COLUMNS; None: unknown.
        views: of VIEW_ROW_DTYPE, 10 kB each, of the rows with a light curve; their `row` is the
            place in `rows`. None: no row has one, and the message does not speak of them.
    """

    kind: Literal["rows"] = "rows"
    id: int
    model_file: str
    sha256: str
    source: str
    rows: PackedRows
    neighbours_sha256: str | None
    relations: PackedRelations | None
    views: PackedViews | None = None

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        """Check that there are relations for each row, or for none, and views of no other row."""
        rows = len(self.rows) // ROW_DTYPE.itemsize
        if self.relations is not None:
            found = len(self.relations) // RELATED_DTYPE["values"].itemsize
            if found != rows:
                raise ValueError(f"expected the relations of {rows} rows, received {found}")
        if self.views is not None:
            places = np.frombuffer(self.views, VIEW_ROW_DTYPE)["row"]
            if len(places) and not 0 <= places[0] <= places[-1] < rows:
                raise ValueError(f"expected views of {rows} rows, received one of another row")
        return self

    @model_serializer(mode="wrap")
    def _as_said(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The fields; without views as if there were none such."""
        fields: dict[str, Any] = serialise(self)
        if self.views is None:
            del fields["views"]
        return fields


Command = Train | Stop | ServePredictions | PredictionRequest
