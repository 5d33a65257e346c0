"""The services that routes use: settings, database, files and background services."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from backend import wire
from backend.background.cluster.predictions import ClusterPredictions
from backend.background.cluster.state import ClusterState
from backend.config import Settings
from backend.database import Database
from backend.services.curves.candidate import CandidateCurves
from backend.services.curves.sending import Sending
from backend.services.datasets.relations import DatasetRelations
from backend.services.datasets.tables import DatasetTables
from backend.services.monitoring.metrics import Metrics
from backend.services.studies.comparison import StudyComparisons
from backend.services.studies.figures import StudyFigures
from backend.services.try_limit import TryLimit
from backend.services.wrong_tokens import WrongTokens
from backend.storage.layout import Storage
from backend.tables.converter import TableConverter
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Rows
from backend.troubles import Troubles

# Tries to add members, of a user in a minute: more would be guesses of other users' names.
MEMBER_TRIES = 20


class Runner(Protocol):
    """Where sessions train; see `backend.background.runners`."""

    @property
    def cluster(self) -> ClusterState | None:
        """The cluster that they train on; None: they train on this machine."""

    def most_at_once(self, needs: wire.Needs) -> int | None:
        """How many sessions that reserve this have a place together; None: all that may train."""

    def why_waiting(self, needs: wire.Needs) -> str | None:
        """What a session that reserves this waits for, if not for others to end."""

    def node_of(self, session_id: int) -> wire.Node | None:
        """The node that a session trains on."""


class Supervisor(Protocol):
    """The part of the session queue that routes use."""

    @property
    def runner(self) -> Runner:
        """Where sessions train."""

    def notify(self) -> None:
        """A session was added, or its `request` was set."""


class BatchRunner(Protocol):
    """The part of the runner of batches that routes use."""

    def notify(self) -> None:
        """A batch was posted, or its `request` was set."""


class CurveRunner(Protocol):
    """The part of the thread that imports light curves that routes use."""

    def notify(self) -> None:
        """An import was posted, or its `request` was set."""


class ServerFolder(Protocol):
    """The part of the thread that indexes the server's folder that routes use."""

    @property
    def indexed_at(self) -> str | None:
        """When all of it was looked through last; None: never yet."""

    def status(self) -> dict[str, Any]:
        """What is in it and how far it is."""

    def look_again(self) -> None:
        """Index it again."""


class ViewPreparer(Protocol):
    """The part of the thread that prepares light curves that routes use."""

    def notify(self) -> None:
        """Views were asked for, or their `request` was set."""


class BinKeeper(Protocol):
    """The part of the thread that empties the bin that routes use."""

    def notify(self) -> None:
        """Something was given up."""


class Predictor(Protocol):
    """The part of the predictor that routes use."""

    is_model_loaded: bool

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
        """The predictions of some rows; see `backend.background.predictor`."""


@dataclass
class Services:
    """One instance per application; the launcher adds what runs in the background."""

    settings: Settings
    database: Database
    storage: Storage
    supervisor: Supervisor | None = None
    predictor: Predictor | None = None
    cluster_predictions: ClusterPredictions | None = None
    batch_runner: BatchRunner | None = None
    curve_runner: CurveRunner | None = None
    server_folder: ServerFolder | None = None
    view_preparer: ViewPreparer | None = None
    bin_keeper: BinKeeper | None = None
    troubles: Troubles = field(default_factory=Troubles)
    member_tries: TryLimit = field(
        default_factory=lambda: TryLimit(MEMBER_TRIES, "tries to add members")
    )
    curve_sending: Sending = field(default_factory=Sending)
    wrong_tokens: WrongTokens = field(init=False)
    tables: DatasetTables = field(init=False)
    converter: TableConverter = field(init=False)
    relations: DatasetRelations = field(init=False)
    study_figures: StudyFigures = field(init=False)
    study_comparisons: StudyComparisons = field(init=False)
    candidate_curves: CandidateCurves = field(init=False)
    metrics: Metrics = field(init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        self.converter = TableConverter(settings.table_memory_mb, settings.table_seconds)
        self.candidate_curves = CandidateCurves(settings.table_memory_mb, settings.table_seconds)
        self.tables = DatasetTables(self.database, self.storage, self.converter)
        self.relations = DatasetRelations(self.storage, self.tables, self.converter)
        self.study_figures = StudyFigures(self.storage)
        self.study_comparisons = StudyComparisons(self.storage)
        self.wrong_tokens = WrongTokens(self.settings, self.database)
        self.metrics = Metrics(self.database, settings.data_dir, self.troubles)

    def notify(self) -> None:
        """Make the supervisor, if one runs, check the database."""
        if self.supervisor is not None:
            self.supervisor.notify()

    def notify_sessions(self) -> None:
        """Make the supervisor look, and first what prepares the views that sessions wait for."""
        self.notify_views()
        self.notify()

    def notify_batches(self) -> None:
        """Make the runner of batches, if one runs, check the database."""
        if self.batch_runner is not None:
            self.batch_runner.notify()

    def notify_curves(self) -> None:
        """Make the thread that imports light curves, if one runs, check the database."""
        if self.curve_runner is not None:
            self.curve_runner.notify()

    def notify_views(self) -> None:
        """Make the thread that prepares light curves, if one runs, check the database."""
        if self.view_preparer is not None:
            self.view_preparer.notify()

    def notify_bin(self) -> None:
        """Make the thread that empties the bin, if one runs, empty it."""
        if self.bin_keeper is not None:
            self.bin_keeper.notify()
