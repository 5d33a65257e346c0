"""The supervisor's part of searches: the next trial as a place gets free, and pruning by epoch.

Everything is read from the database each time, so that nothing is lost with the server: one killed
between asking and adding asks again, and gets the same.
"""

import logging
from collections import Counter
from collections.abc import Callable

from sqlalchemy import Connection

from backend import wire
from backend.background.attempts import is_passing
from backend.background.cluster.needs import needs_of
from backend.background.search.ask import next_settings, why_prune
from backend.background.search.space import MOST_TRIALS, Tried
from backend.background.search.trial_specs import spec_of
from backend.background.search.trials import DIVERGED, PRUNED, Trial, trials_from
from backend.config import Settings
from backend.database import Database, sessions, studies, workspaces
from backend.database.connection import Record
from backend.database.search import trials as stored
from backend.database.search.minutes import used_by

# A search in which so many trials in a row have failed ends. Those that diverged say something of
# their setting; but so many in a row say that the space has nothing else.
MOST_FAILURES = 3
MOST_DIVERGED = 10

# So often in a row the next trial of a search may not be found before the search ends.
_MOST_ERRORS = 3

_MINUTE = 60.0

# Asked with a connection open for writing, the study's row and the spec of the trial.
HasSpace = Callable[[Connection, Record, wire.Spec], bool]

log = logging.getLogger(__name__)


class Searches:
    """Used from the supervisor's thread alone."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        has_space: HasSpace,
        most_at_once: Callable[[wire.Needs], int | None] = lambda _needs: None,
    ) -> None:
        """Prepare only.

        Args:
            settings, database: the server's.
            has_space: whether the model of one more trial fits into the quota.
            most_at_once: how many trials that reserve this have a place together; None: all that
                may train.
        """
        self._settings = settings
        self._most_at_once = most_at_once
        self._database = database
        self._has_space = has_space
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
        """What costs little comes first: this is done at each turn of the session queue."""
        with self._database.read() as connection:
            end = _why_over(connection, study)
            if end is None:
                if not self._has_place(study):
                    return None
                end = _why_hopeless(connection, study)
            trials = [] if end else _trials_of(connection, study)
        if end is not None:
            return self._close(study, end)
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

    def _has_place(self, study: Record) -> bool:
        settings = study["settings"]
        placed = self._most_at_once(needs_of(settings["spec"], self._settings))
        places = self._settings.most_trainings if placed is None else placed
        most = min(settings["parallel"], self._settings.most_trainings, places)
        return not study["pending"] and study["training"] < most

    def _add(self, study: Record, number: int, tried: Tried) -> None:
        """Add a trial, unless the search has changed since it was read, or no model would fit."""
        with self._database.write() as connection:
            if not _is_as_read(connection, study):
                return
            spec = spec_of(study["name"], study["settings"], number, tried)
            if self._has_space(connection, study, spec):
                add_trial(connection, study, number, tried, user_id=_asker(connection, study))
            else:
                _end(connection, study, "no_space")

    def _close(self, study: Record, end: str) -> None:
        with self._database.write() as connection:
            if _is_as_read(connection, study):
                _end(connection, study, end)

    def _judge(self, trial: Record) -> None:
        session_id, epoch = trial["session_id"], trial["epochs_completed"]
        with self._database.read() as connection:
            study = studies.find(connection, trial["study_id"])
            trials = [] if study is None else _trials_of(connection, study)
        own = next((each for each in trials if each.session_id == session_id), None)
        if study is not None and own is not None:
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


def _why_over(connection: Connection, study: Record) -> str | None:
    """One of `stored.ENDS`, if no more trials are to be added, even to one without a free place."""
    settings = study["settings"]
    if study["dataset_id"] is None:
        return "dataset_deleted"
    if study["last_trial"] >= (settings["trials"] or MOST_TRIALS):
        return "trials"
    if settings["minutes"] is None or used_by(connection, study) < settings["minutes"] * _MINUTE:
        return None
    return "minutes"


def _why_hopeless(connection: Connection, study: Record) -> str | None:
    """The same, because of how the trials have ended since the search was last opened."""
    opened = study["reopened_at"] or ""
    ended = stored.ended(connection, study["id"])
    found = [each for each in ended if each["completed_at"] > opened]
    told = [each for each in found if each["status"] != "cancelled" or each["reason"] == PRUNED]
    diverged = [(each["status"], each["reason"]) == ("failed", DIVERGED) for each in told]
    crashed = [
        each["status"] == "failed" and not has_diverged
        for each, has_diverged in zip(told, diverged, strict=True)
    ]
    has_failed = _ends_with(crashed, MOST_FAILURES) or _ends_with(diverged, MOST_DIVERGED)
    return "failures" if has_failed else None


def _is_as_read(connection: Connection, study: Record) -> bool:
    """Whether a search is still open, and neither was it opened again nor its dataset deleted."""
    search, now = stored.find(connection, study["id"]), studies.find(connection, study["id"])
    if search is None or now is None or search["state"] != "open":
        return False
    return (search["reopened_at"], now["dataset_id"]) == (study["reopened_at"], study["dataset_id"])


def _end(connection: Connection, study: Record, end: str) -> None:
    if stored.close(connection, study["id"], end):
        log.info("search %s adds no more trials: %s", study["id"], end)
        if end == "minutes":  # one that waits would begin after the time is up
            _cancel_waiting(connection, study["id"])


def _asker(connection: Connection, study: Record) -> int:
    """Whose turn a new trial takes: who started the search, while they may start sessions."""
    user_id: int = study["user_id"] or 0
    may_start = workspaces.role_of(connection, study["workspace_id"], user_id) == "editor"
    return user_id if may_start else workspaces.owner_of(connection, study["workspace_id"])


def _ends_with(found: list[bool], count: int) -> bool:
    """Whether something holds for so many at the end."""
    return len(found) >= count and all(found[-count:])


def _cancel_waiting(connection: Connection, study_id: int) -> None:
    """Cancel the trials of a search that have never begun."""
    for session_id in stored.numbers_of(connection, study_id):
        session = sessions.find(connection, session_id)
        if session and session["status"] == "pending" and session["started_at"] is None:
            sessions.end(connection, session_id, "cancelled")
