"""Visitors: each uploads, trains, ends, deletes, promotes, predicts and looks, in a workspace."""

import hashlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from tests.api import catalogue
from tests.e2e.server import ENDED, TOKEN, Server
from tests.soak.ledger import Ledger

# Sessions that a visitor lets wait or train at once.
_MOST_OPEN = 3

_ANSWER_SECONDS = 60
_PAUSE_SECONDS = 0.05
_AWAY_SECONDS = 0.2

# What a server may say when it is asked at a bad moment; anything else from 500 on is a fault.
_UNAVAILABLE = (503, 507)

_CANDIDATE = {"period": 3.5, "duration": 3.0, "depth": 8000.0}


@dataclass(frozen=True)
class Sessions:
    """What sessions the visitors start.

    Attributes:
        epochs: the most that a session has.
        long_epochs: of one that only a stop or a cancel ends in time; 0: none is started.
        spec: the other settings.
    """

    epochs: int
    long_epochs: int
    spec: dict[str, Any]


class Visitor:
    """One user of a server that may go away at any moment."""

    def __init__(self, server: Server, ledger: Ledger, sessions: Sessions, name: str) -> None:
        """Make a workspace.

        Args:
            server: that runs, and will run again.
            ledger: takes what is asked for and accepted.
            sessions: what is started.
            name: of the workspace.
        """
        self._server = server
        self._ledger = ledger
        self._sessions = sessions
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {TOKEN}"
        self._open: set[int] = set()
        self._long: set[int] = set()
        self._random = random.Random()
        answer = self._ask("POST", "/api/workspaces", json={"name": name})
        assert answer is not None
        assert answer.status_code == 201, answer.text
        workspace = answer.json()["workspace"]
        self._workspace, self._key = workspace["id"], workspace["key"]

    def run(self, seed: str, stop: threading.Event) -> None:
        """Visit until told to stop."""
        self._random = random.Random(seed)
        actions, weights = zip(*self._actions().items(), strict=True)
        while not stop.is_set():
            try:
                self._random.choices(actions, weights)[0]()
            except Exception as error:  # a visitor that ends silently would see nothing
                self._ledger.complain(f"a visitor met {error!r}")
                return
            stop.wait(self._random.uniform(0, 2 * _PAUSE_SECONDS))

    def end_long_sessions(self) -> None:
        """Stop what would train for too long; the server runs."""
        self._look()
        for session_id in sorted(self._open & self._long):
            self._end(session_id, "stop")

    def _actions(self) -> dict[Callable[[], None], float]:
        return {
            self._upload: 2,
            self._start: 8,
            self._retry: 2,
            self._cancel: 2,
            self._stop: 2,
            self._delete_session: 1,
            self._delete_dataset: 0.5,
            self._promote: 3,
            self._delete_model: 1,
            self._predict: 3,
            self._predict_catalogue: 1,
            self._download: 1,
            self._look: 6,
        }

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response | None:
        """Send a request; None if no whole answer came."""
        try:
            answer = self._http.request(
                method, self._server.address + path, timeout=_ANSWER_SECONDS, **options
            )
        except requests.RequestException:
            self._ledger.unanswered += 1
            time.sleep(_AWAY_SECONDS)
            return None
        if answer.status_code in _UNAVAILABLE and "Retry-After" not in answer.headers:
            self._ledger.complain(f"{method} {path}: {answer.status_code} without Retry-After")
        elif answer.status_code >= 500 and answer.status_code not in _UNAVAILABLE:
            self._ledger.complain(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        if answer.ok:
            self._ledger.accepted += 1
        else:
            self._ledger.refused += 1
        return answer

    def _choose(self, kind: str) -> int | None:
        found = self._ledger.existing(kind, self._workspace)
        return self._random.choice(found) if found else None

    def _upload(self) -> None:
        # Never the same bytes again: they would bring back what was deleted.
        content = f"{catalogue(90 + self._random.randrange(500))}# {self._random.getrandbits(64)}\n"
        answer = self._ask(
            "POST",
            "/api/training/upload-dataset",
            files={"file": ("catalogue.csv", content)},
            data={"workspace_key": self._key},
        )
        if answer is not None and answer.ok:
            self._ledger.named("dataset", answer.json()["dataset"]["id"], self._workspace)

    def _start(self) -> None:
        dataset = self._choose("dataset")
        if dataset is None or len(self._open) >= _MOST_OPEN:
            return self._look()
        sessions = self._sessions
        is_long = sessions.long_epochs and self._random.random() < 0.2
        epochs = sessions.long_epochs if is_long else self._random.randint(1, sessions.epochs)
        seed = self._random.randrange(1000)
        body = {"workspace_key": self._key, "dataset_id": dataset, "epochs": epochs, "seed": seed}
        self._begin("/api/training/start", json=body | sessions.spec)
        return None

    def _retry(self) -> None:
        ended = [each for each in self._known_sessions() if each not in self._open]
        if ended and len(self._open) < _MOST_OPEN:
            self._begin(f"/api/training/session/{self._random.choice(ended)}/retry")

    def _begin(self, path: str, **options: Any) -> None:
        """Start a session; where no answer came, ask again with the same key until one does."""
        headers = {"Idempotency-Key": f"{self._random.getrandbits(64):x}"}
        for _ in range(100):
            answer = self._ask("POST", path, headers=headers, **options)
            if answer is None:
                continue
            if answer.status_code == 202:
                self._note(answer.json()["session"])
            return

    def _cancel(self) -> None:
        if self._open:
            self._end(self._random.choice(sorted(self._open)), "cancel")

    def _stop(self) -> None:
        if self._open:
            self._end(self._random.choice(sorted(self._open)), "stop")

    def _end(self, session_id: int, how: str) -> None:
        self._ledger.asks("session", session_id, how)
        answer = self._ask("POST", f"/api/training/session/{session_id}/{how}")
        if answer is not None and answer.ok:
            self._ledger.accepts("session", session_id, how)

    def _delete_session(self) -> None:
        ended = [each for each in self._known_sessions() if each not in self._open]
        if len(ended) > 3:
            self._delete("session", self._random.choice(ended), "/api/training/session")

    def _delete_dataset(self) -> None:
        if len(self._ledger.existing("dataset", self._workspace)) > 2:
            self._delete("dataset", self._choose("dataset"), "/api/training/dataset")

    def _delete_model(self) -> None:
        self._delete("model", self._choose("model"), "/api/models")

    def _delete(self, kind: str, number: int | None, path: str) -> None:
        if number is None:
            return
        self._ledger.asks(kind, number, "delete")
        answer = self._ask("DELETE", f"{path}/{number}")
        if answer is None:
            return
        if answer.ok:
            self._ledger.accepts(kind, number, "delete")
        elif answer.status_code in (409, 503):  # it is in use: it stays
            self._ledger.takes_back(kind, number, "delete")
        else:
            self._ledger.complain(f"DELETE {path}/{number}: {answer.status_code} {answer.text}")

    def _promote(self) -> None:
        model = self._choose("model")
        if model is None:
            return
        self._ledger.asks_promotion(self._workspace, model)
        answer = self._ask("POST", f"/api/models/{model}/promote")
        if answer is not None and answer.ok:
            self._ledger.accepts_promotion(self._workspace, model)

    def _predict(self) -> None:
        answer = self._ask("POST", "/api/predict", json={"workspace_key": self._key, **_CANDIDATE})
        if answer is not None and answer.ok:
            shares = answer.json()["predictions"][0]["probabilities"].values()
            if abs(sum(shares) - 1) > 1e-6:
                self._ledger.complain(f"the probabilities {list(shares)} do not sum to 1")

    def _predict_catalogue(self) -> None:
        rows = 90
        answer = self._ask(
            "POST",
            "/api/predict/batch",
            files={"file": ("catalogue.csv", catalogue(rows))},
            data={"workspace_key": self._key},
        )
        if answer is not None and answer.ok and len(answer.text.splitlines()) != rows + 1:
            self._ledger.complain("a catalogue came back with another number of rows")

    def _download(self) -> None:
        model = self._choose("model")
        answer = self._ask("GET", f"/api/models/{model}") if model else None
        if answer is None or not answer.ok:
            return
        expected = answer.json()["model"]["sha256"]
        content = self._ask("GET", f"/api/models/{model}/download")
        if content is not None and content.ok:
            found = hashlib.sha256(content.content).hexdigest()
            if found != expected:
                self._ledger.complain(f"model {model} was downloaded as {found}, not {expected}")

    def _look(self) -> None:
        """At the health, the sessions and the models; what has ended is noted."""
        self._ask("GET", "/api/health")
        answer = self._ask("GET", f"/api/training/sessions?workspace_key={self._key}&limit=100")
        if answer is not None and answer.ok:
            for session in answer.json()["sessions"]:
                self._note(session)
        answer = self._ask("GET", f"/api/models?workspace_key={self._key}")
        if answer is not None and answer.ok:
            for model in answer.json()["models"]:
                self._ledger.named("model", model["id"], self._workspace)

    def _note(self, session: dict[str, Any]) -> None:
        session_id, status = session["id"], session["status"]
        self._ledger.named("session", session_id, self._workspace)
        if session["epochs"] > self._sessions.epochs:
            self._long.add(session_id)
        if status in ENDED:
            self._open.discard(session_id)
            self._ledger.saw_end(session_id, status)
        else:
            self._open.add(session_id)

    def _known_sessions(self) -> list[int]:
        return self._ledger.existing("session", self._workspace)
