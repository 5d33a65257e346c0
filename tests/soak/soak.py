"""Kills a server and its workers again and again under traffic, and checks what is left.

A server trains, predicts and stores what a few visitors ask for. At each point something of it is
killed; a killed server is started again. Now and then the visitors pause, every session ends, the
server stops, and the whole of the data folder is checked.
"""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.server import Client, Server, wait_for
from tests.soak import checker, journal
from tests.soak.hooks import environment
from tests.soak.ledger import Ledger
from tests.soak.points import Point
from tests.soak.processes import MARK, marked
from tests.soak.stopped import Stopped
from tests.soak.traffic import Sessions, Visitor

_LIGHT = Sessions(epochs=6, long_epochs=900, spec={})
_REAL = Sessions(epochs=4, long_epochs=0, spec={"batch_size": 32, "test_split": 0, "patience": 9})

_VISITORS = 3

# How long traffic goes on before a kill at the latest, and after it at least.
_BEFORE_SECONDS = {"light": 1.5, "real": 12.0}
_AFTER_SECONDS = {"light": 0.5, "real": 2.0}

_START_SECONDS = 90
_STOP_SECONDS = 10
_ENDED_SECONDS = 15
_QUIET_SECONDS = {"light": 90, "real": 300}

_QUIET_EVERY = 5


class Violated(Exception):
    """An invariant does not hold; `args` are the violations, and how to see them again."""

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class Soak:
    """One server, its data folder, and those who visit and kill it."""

    def __init__(self, folder: Path, seed: int, trainer: str) -> None:
        """Start the server.

        Args:
            folder: an empty one, for everything.
            seed: decides the points and the visitors.
            trainer: light or real.
        """
        self._folder = folder
        self._seed = seed
        self._trainer = trainer
        self._mark = f"{folder.name}-{time.time_ns()}"
        self.ledger = Ledger()
        self.ended: Counter[str] = Counter()
        self._data_dir, self._journal, self._orders = (
            folder / name for name in ("data", "journal", "orders")
        )
        for each in (self._data_dir, self._journal, self._orders):
            each.mkdir(parents=True)
        hooks = environment(
            "watched_jobs",
            "kill",
            TRAINER=trainer,
            JOURNAL=self._journal,
            KILL_FOLDER=self._orders,
            **{MARK: self._mark},
        )
        with self._in_time():
            self._server = Server(
                self._data_dir,
                **hooks,
                EXOTRAIN_TRAININGS="2",
                EXOTRAIN_QUOTA_PENDING="1000",
                EXOTRAIN_WARM_WORKERS="1",
            )
        sessions = _LIGHT if trainer == "light" else _REAL
        self._visitors = [
            Visitor(self._server, self.ledger, sessions, f"visitor {number}")
            for number in range(_VISITORS)
        ]

    def run(self, numbers: range) -> None:
        """Go through the points of these numbers.

        Raises:
            Violated: at the first point after which an invariant does not hold.
        """
        for number in numbers:
            point = Point.of(self._seed, number, _BEFORE_SECONDS[self._trainer])
            try:
                self._pass(point)
                if number % _QUIET_EVERY == 0 or number == numbers[-1]:
                    self._rest()
                    done = number - numbers.start + 1
                    print(f"{self._trainer}: {done} of {len(numbers)} points held", flush=True)
            except Violated as violated:
                (self._folder / "ledger.json").write_text(json.dumps(self.ledger.as_json()))
                raise Violated(
                    f"{point}, seed {self._seed}",
                    *violated.args,
                    f"the folder: {self._folder}",
                    f"again: python -m tests.soak --trainer {self._trainer} --seed {self._seed} "
                    f"--point {number} --points 1",
                ) from None

    def close(self) -> None:
        """End every process."""
        self._server.stop(signal.SIGKILL)
        self._await_ended()

    def _pass(self, point: Point) -> None:
        stop = threading.Event()
        visits = [
            threading.Thread(target=each.run, args=(f"{self._seed} {point.number} {n}", stop))
            for n, each in enumerate(self._visitors)
        ]
        for visit in visits:
            visit.start()
        try:
            point.kill(self._server, self._mark, self._orders)
            if point.target == "worker":
                self._require_alive()
            else:
                self._server.process.wait()
                self._require(checker.no_process_is_left_over(self._await_ended()))
                self._check_at_once()
                self._start()
            stop.wait(_AFTER_SECONDS[self._trainer])
        finally:
            stop.set()
            for visit in visits:
                visit.join()
        self._require(self.ledger.complaints)

    def _rest(self) -> None:
        """Let every session end, stop the server, check everything, and start it again."""
        for visitor in self._visitors:
            visitor.end_long_sessions()
        client = Client(self._server)
        try:
            wait_for(
                lambda: client.get("/api/health")["queue"],
                lambda queue: not any(queue.values()),
                _QUIET_SECONDS[self._trainer],
            )
        except AssertionError as error:
            raise Violated(f"the sessions do not end: {error}") from None
        began = time.monotonic()
        self._server.stop(signal.SIGTERM, 3 * _STOP_SECONDS)
        seconds, code = time.monotonic() - began, self._server.process.returncode
        if code != 0 or seconds > _STOP_SECONDS:
            raise Violated(f"the server stopped with code {code}, after {seconds:.1f} s")
        self._check_at_rest()
        self._start()

    def _check_at_once(self) -> None:
        """What holds right after a kill."""
        stopped = self._read()
        self._require(checker.the_database_is_whole(stopped))
        self._require(checker.every_session_has_one_state(stopped))
        self._require(checker.every_dataset_has_its_files(stopped))
        self._require(checker.nothing_in_the_bin_lacks_a_file(stopped))
        self._require(checker.nothing_accepted_is_lost(stopped, self.ledger, is_quiet=False))

    def _check_at_rest(self) -> None:
        """What holds when everything had its time."""
        stopped, lines = self._read(), journal.read(self._journal)
        load = checker.load_light if self._trainer == "light" else checker.load_real
        of_each = (
            checker.the_database_is_whole(stopped),
            checker.every_session_has_one_state(stopped),
            checker.every_session_ended(stopped),
            checker.failures_are_told_right(stopped),
            checker.no_session_was_trained_twice(lines),
            checker.at_most_one_epoch_was_repeated(lines),
            checker.every_epoch_is_recorded_once(stopped),
            checker.every_model_is_the_one_that_was_saved(stopped, load),
            checker.every_current_copy_is_the_current_model(stopped),
            checker.every_dataset_has_its_files(stopped),
            checker.no_file_is_left_over(stopped),
            checker.no_process_is_left_over(self._await_ended()),
            checker.nothing_accepted_is_lost(stopped, self.ledger, is_quiet=True),
        )
        self._require(each for violations in of_each for each in violations)
        self.ended = Counter(each["status"] for each in stopped.sessions.values())

    def _require(self, violations: checker.Violations) -> None:
        found = list(violations)
        if found:
            raise Violated(*found)

    def _require_alive(self) -> None:
        code = self._server.process.poll()
        if code is not None:
            raise Violated(f"the server ended with code {code} when its worker was killed")

    def _read(self) -> Stopped:
        try:
            return Stopped(self._data_dir)
        except sqlite3.DatabaseError as error:
            raise Violated(f"the database cannot be read: {error}") from None

    def _await_ended(self) -> list[str]:
        """The processes that still run after a while."""
        with contextlib.suppress(AssertionError):
            wait_for(lambda: marked(self._mark), lambda found: not found, _ENDED_SECONDS)
        return [f"{number} ({command})" for number, command in marked(self._mark).items()]

    def _start(self) -> None:
        try:
            with self._in_time():
                self._server.start()
        except AssertionError as error:
            raise Violated(f"the server does not start again: {error}") from None

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        """End a server that does not say in time that it is ready."""
        timer = threading.Timer(_START_SECONDS, self._end_hanging_start)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end_hanging_start(self) -> None:
        for number in marked(self._mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def soak(seed: int, numbers: range, trainer: str, folder: Path | None = None) -> Soak:
    """Go through some points in a folder of its own, which stays if an invariant does not hold.

    Raises:
        Violated: one does not.
    """
    place = Path(tempfile.mkdtemp(prefix=f"soak-{trainer}-", dir=folder))
    run = Soak(place, seed, trainer)
    try:
        run.run(numbers)
    finally:
        run.close()
    shutil.rmtree(place)
    return run
