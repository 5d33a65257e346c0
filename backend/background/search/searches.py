"""The supervisor's part of searches: the next trial as a place gets free, and pruning by epoch.

Everything is read from the database each time, so that nothing is lost with the server: one killed
between asking and adding asks again, and gets the same.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection

from backend.background.attempts import is_passing
from backend.background.search.ask import next_settings, why_prune
from backend.background.search.space import MOST_TRIALS, Tried
from backend.background.search.trial_specs import spec_of
from backend.background.search.trials import PRUNED, Trial, trials_from
from backend.config import Settings
from backend.database import Database, sessions, studies, workspaces
from backend.database.connection import Record
from backend.database.search import trials as stored

# A search in which so many trials in a row have failed ends. Those that diverged say something of
# their setting; but so many in a row say that the space has nothing else.
MOST_FAILURES = 3
MOST_DIVERGED = 10

# So often in a row the next trial of a search may not be found before the search ends.
_MOST_ERRORS = 3

_MEGABYTE = 1_000_000
_MINUTE = 60.0

log = logging.getLogger(__name__)


class Searches:
    """Used from the supervisor's thread alone."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._judged: dict[int, int] = {}  # session id: the last epoch that was judged
        self._errors: Counter[int] = Counter()  # by study, in a row

    def add_trials(self) -> None:
        """Add the next trial of each open search that has a place for it, or close the search.

        One trial waits at most: what it tries is asked for as late as possible.
        """
        with self._database.read() as connection:
            open_ones = stored.open_ones(connection)
        self._of_each(self._continue_or_end, open_ones)

    def prune(self) -> None:
        """Request the end of each trial whose last epoch is worse than those of others."""
        with self._database.read() as connection:
            learning = stored.learning(connection)
        new = [
            each
            for each in learning
            if self._judged.get(each["session_id"]) != each["epochs_completed"]
        ]
        self._judged = {
            each["session_id"]: self._judged.get(each["session_id"], 0) for each in learning
        }
        self._of_each(self._judge, new)

    def _of_each(self, step: Callable[[Record], None], found: list[Record]) -> None:
        """Do something with each: one that fails must not keep the others from it."""
        failure: Exception | None = None
        for each in found:
            try:
                step(each)
            except Exception as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _continue_or_end(self, study: Record) -> None:
        """One whose next trial cannot be found must not be asked for it for ever."""
        try:
            self._continue(study)
            del self._errors[study["id"]]
        except Exception as error:
            if not is_passing(error):
                self._errors[study["id"]] += 1
                if self._errors[study["id"]] >= _MOST_ERRORS:
                    self._close(study, "failures")
                    del self._errors[study["id"]]
            raise

    def _continue(self, study: Record) -> None:
        with self._database.read() as connection:
            trials = _trials_of(connection, study)
            end = _why_over(study, trials) or self._why_no_space(connection, study)
        if end is not None:
            return self._close(study, end)
        most = min(study["settings"]["parallel"], self._settings.trainings)
        if study["pending"] or study["training"] >= most:
            return None
        number = study["last_trial"] + 1
        settings = study["settings"]
        tried = next_settings(
            settings["space"],
            trials,
            seed=settings["spec"]["seed"],
            number=number,
            budget=settings["trials"],
        )
        if tried is None:
            return self._close(study, "exhausted")
        return self._add(study, number, tried)

    def _why_no_space(self, connection: Connection, study: Record) -> str | None:
        owner_id = workspaces.owner_of(connection, study["workspace_id"])
        owned = workspaces.owned_by(connection, owner_id)
        used = sum(workspaces.stored_bytes(connection, owned).values())
        return "no_space" if used >= self._settings.quota_mb * _MEGABYTE else None

    def _add(self, study: Record, number: int, tried: Tried) -> None:
        with self._database.write() as connection:
            search = stored.find(connection, study["id"])
            if search is not None and search["state"] == "open":
                add_trial(connection, study, number, tried, user_id=study["user_id"])

    def _close(self, study: Record, end: str) -> None:
        with self._database.write() as connection:
            if stored.close(connection, study["id"], end):
                log.info("search %s adds no more trials: %s", study["id"], end)
                if end == "minutes":  # one that waits would begin after the time is up
                    _cancel_waiting(connection, study["id"])

    def _judge(self, trial: Record) -> None:
        session_id, epoch = trial["session_id"], trial["epochs_completed"]
        with self._database.read() as connection:
            study = studies.find(connection, trial["study_id"])
            if study is None or not study["settings"]["pruning"]:
                return
            trials = _trials_of(connection, study)
        own = next((each for each in trials if each.session_id == session_id), None)
        if own is not None:
            space, epochs = study["settings"]["space"], study["settings"]["spec"]["epochs"]
            why = why_prune(space, trials, own, epochs)
            if why is not None:
                self._end_early(session_id, why)
        self._judged[session_id] = epoch

    def _end_early(self, session_id: int, why: str) -> None:
        with self._database.write() as connection:
            session = sessions.find(connection, session_id)
            is_learning = session is not None and session["stage"] == "learning"
            if session is None or session["status"] != "training" or not is_learning:
                return
            if session["request"] is None:  # else somebody has asked for its end
                error = {"reason": PRUNED, "message": why}
                sessions.change(connection, session_id, request="cancel", error=error)


def add_trial(
    connection: Connection, study: Record, number: int, tried: Tried, *, user_id: int | None
) -> int | None:
    """Add the next trial of an open search as a pending session.

    Args:
        connection: open for writing.
        study: its row.
        number: of the trial.
        tried: its value of each field of the space.
        user_id: who started the search.

    Returns:
        The session's id; None: the search has this number already, and nothing was added.
    """
    search = stored.find(connection, study["id"])
    if search is None or search["last_trial"] != number - 1:
        return None
    spec = spec_of(study["name"], study["settings"], number, tried)
    session = sessions.create(
        connection,
        study["workspace_id"],
        user_id=user_id,
        dataset_id=study["dataset_id"],
        dataset_size=study["dataset_size"],
        model_name=spec.model_name,
        epochs=spec.epochs,
        spec=spec.model_dump(),
    )
    studies.take_in(connection, session["id"], study["id"])
    stored.add(connection, study["id"], number, session["id"])
    session_id: int = session["id"]
    return session_id


def _trials_of(connection: Connection, study: Record) -> list[Trial]:
    return trials_from(stored.of_study(connection, study["id"]), study["settings"]["space"])


def _why_over(study: Record, trials: list[Trial]) -> str | None:
    """One of `stored.ENDS`, if no more trials are to be added."""
    settings = study["settings"]
    if study["dataset_id"] is None:
        return "dataset_deleted"
    if study["last_trial"] >= (settings["trials"] or MOST_TRIALS):
        return "trials"
    if settings["minutes"] is not None and study["began_at"] is not None:
        began = datetime.fromisoformat(study["began_at"])
        if (datetime.now(UTC) - began).total_seconds() >= settings["minutes"] * _MINUTE:
            return "minutes"
    ended = [each for each in trials if each.status not in ("pending", "training", "cancelled")]
    crashed = [each.status == "failed" and not each.has_diverged for each in ended]
    diverged = [each.has_diverged for each in ended]
    has_failed = _ends_with(crashed, MOST_FAILURES) or _ends_with(diverged, MOST_DIVERGED)
    return "failures" if has_failed else None


def _ends_with(found: list[bool], count: int) -> bool:
    """Whether something holds for so many at the end."""
    return len(found) >= count and all(found[-count:])


def _cancel_waiting(connection: Connection, study_id: int) -> None:
    """Cancel the trials of a search that have never begun."""
    for session_id in stored.numbers_of(connection, study_id):
        session = sessions.find(connection, session_id)
        if session and session["status"] == "pending" and session["started_at"] is None:
            sessions.end(connection, session_id, "cancelled")
