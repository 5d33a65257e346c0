"""What the routes work with: the settings, the database, the files, and the background."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from backend.config import Settings
from backend.database import Database
from backend.storage.layout import Storage


class Supervisor(Protocol):
    """What a route needs of the queue of trainings."""

    def notify(self) -> None:
        """A session was added, or its `request` was set."""


class Predictor(Protocol):
    """What a route needs of the predictor."""

    is_model_loaded: bool

    def predict(
        self, model_file: str, sha256: str, rows: np.ndarray, source: str
    ) -> dict[str, np.ndarray]:
        """Probabilities, period and depth_ppm of some rows; see `backend.background.predictor`."""


@dataclass
class Services:
    """One instance an application; the launcher adds the supervisor and the predictor."""

    settings: Settings
    database: Database
    storage: Storage
    supervisor: Supervisor | None = None
    predictor: Predictor | None = None

    def notify(self) -> None:
        """Tell the supervisor, if one runs, to look at the database."""
        if self.supervisor is not None:
            self.supervisor.notify()
