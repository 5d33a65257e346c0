"""What the routes work with: the settings, the database, the files, and the background."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from flask import Flask, current_app

from backend.config import Settings
from backend.database import Database
from backend.storage.layout import Storage

_EXTENSION = "exotrain"


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

    def attach_to(self, app: Flask) -> None:
        """Make these the services of an application."""
        app.extensions[_EXTENSION] = self

    def notify(self) -> None:
        """Tell the supervisor, if one runs, to look at the database."""
        if self.supervisor is not None:
            self.supervisor.notify()


def services_of(app: Flask) -> Services:
    """The services of an application."""
    return app.extensions[_EXTENSION]


def services() -> Services:
    """The services of the application that answers the current request."""
    return services_of(current_app)
