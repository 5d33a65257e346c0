"""The checker finds what it is there for: each invariant is broken in a folder that was whole."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.server import Client, Server, small_catalogue
from tests.soak import checker, journal
from tests.soak.hooks import environment
from tests.soak.journal import Line
from tests.soak.ledger import Ledger
from tests.soak.processes import MARK, marked
from tests.soak.stopped import Stopped

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped data folder: a dataset, session 1 with the current model, session 2 cancelled."""
    folder = tmp_path_factory.mktemp("whole")
    data_dir, lines = folder / "data", folder / "journal"
    data_dir.mkdir()
    lines.mkdir()
    hooks = environment("watched_jobs", TRAINER="light", JOURNAL=lines)
    server = Server(data_dir, EXOTRAIN_WARM_WORKERS="0", **hooks)
    try:
        client = Client(server)
        key = client.workspace()
        dataset = client.upload(key, small_catalogue(folder))["id"]
        client.complete(key, dataset, epochs=3)
        cancelled = client.train(key, dataset, epochs=900)
        client.wait(cancelled, lambda session: session["epochs_completed"] >= 1)
        client.post(f"/api/training/session/{cancelled}/cancel")
        client.wait(cancelled)
    finally:
        server.stop()
    return folder


@dataclass
class Broken:
    """A copy of that folder, to be broken."""

    data_dir: Path

    def change(self, statement: str, *values: object) -> None:
        """Change the database behind everybody's back."""
        connection = sqlite3.connect(self.data_dir / "exotrain.db")
        with connection:
            connection.execute(statement, values)
        connection.close()

    def file(self, pattern: str) -> Path:
        """The only file of this pattern."""
        (path,) = self.data_dir.glob(pattern)
        return path

    def stopped(self) -> Stopped:
        """As it is now."""
        return Stopped(self.data_dir)


@pytest.fixture
def broken(whole: Path, tmp_path: Path) -> Broken:
    """Still whole."""
    shutil.copytree(whole / "data", tmp_path / "data")
    return Broken(tmp_path / "data")


OF_A_FOLDER: tuple[Callable[[Stopped], checker.Violations], ...] = (
    checker.the_database_is_whole,
    checker.every_session_has_one_state,
    checker.every_session_ended,
    checker.failures_are_told_right,
    checker.every_epoch_is_recorded_once,
    lambda stopped: checker.every_model_is_the_one_that_was_saved(stopped, checker.load_light),
    checker.every_current_copy_is_the_current_model,
    checker.every_dataset_has_its_files,
    checker.no_file_is_left_over,
)


def all_of(stopped: Stopped) -> list[str]:
    """Every violation in a folder."""
    return [each for invariant in OF_A_FOLDER for each in invariant(stopped)]


def test_a_whole_folder_violates_nothing(whole: Path):
    stopped, lines = Stopped(whole / "data"), journal.read(whole / "journal")
    assert all_of(stopped) == []
    assert [session["status"] for session in stopped.sessions.values()] == [
        "completed",
        "cancelled",
    ]
    assert [line.what for line in lines[1]] == ["started", "epoch", "epoch", "epoch", "saved"]
    assert list(checker.no_session_was_trained_twice(lines)) == []
    assert list(checker.at_most_one_epoch_was_repeated(lines)) == []


SESSION = "UPDATE training_sessions SET {} WHERE id = 1"
A_ROW_WITHOUT_ITS_PARENT = "INSERT INTO epochs VALUES (99, 1, '{}')"
A_SECOND_MODEL = (
    "INSERT INTO models (workspace_id, session_id, name, file, sha256, file_size, manifest, "
    "created_at) SELECT workspace_id, session_id, name, '1/b.keras', sha256, file_size, manifest, "
    "created_at FROM models"
)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (A_ROW_WITHOUT_ITS_PARENT, "a row of epochs refers to a row of training_sessions"),
        (SESSION.format("status = 'lost'"), "its status is none that a session can have"),
        (SESSION.format("completed_at = NULL"), "completed_at is None"),
        (SESSION.format("request = 'stop'"), "still has the request stop"),
        (A_SECOND_MODEL, "it saved the models [1, 2]"),
        (SESSION.format("status = 'cancelled'"), "it has the model 1"),
        (SESSION.format("status = 'failed'"), "its error is None"),
        (
            SESSION.format("status = 'training', completed_at = NULL"),
            "session 1 is training for ever",
        ),
        (
            SESSION.format("""error = '{"reason": "out_of_memory", "message": "…"}'"""),
            "session 1 failed because of",
        ),
        ("DELETE FROM epochs WHERE session_id = 1 AND epoch = 2", "and recorded [1, 3]"),
        ("UPDATE workspaces SET current_model_id = 9", "the current model 9 of workspace 1"),
        ("UPDATE models SET sha256 = 'f'", "has another hash than its row"),
        ("UPDATE models SET manifest = '{}'", "is that of another model"),
        ("UPDATE datasets SET num_samples = 5", "5 counted"),
    ],
)
def test_a_false_row_is_found(broken: Broken, statement: str, words: str):
    broken.change(statement)
    assert any(words in each for each in all_of(broken.stopped()))


def cut(path: Path) -> None:
    """Half of the file is lost."""
    os.truncate(path, path.stat().st_size // 2)


MODEL = "model/1/exoplanet_model_*.keras"


@pytest.mark.parametrize(
    ("pattern", "breaking", "words"),
    [
        (MODEL, Path.unlink, "has no file"),
        (MODEL, cut, "has another hash than its row"),
        ("model/1/exoplanet_model_*.json", cut, "cannot be read"),
        ("model/1/exoplanet_model_*.test.npy", Path.unlink, "cannot be read"),
        ("model/1/exoplanet_model_*.neighbours.npy", cut, "are those of another"),
        ("model/1/exoplanet_model_*.related.npy", cut, "are those of another"),
        ("model/1/exoplanet_model.keras", cut, "is not model 1"),
        ("uploads/1/*.csv", cut, "its catalogue is not the one that was uploaded"),
        ("uploads/1/*.npy", Path.unlink, "its table cannot be read"),
    ],
)
def test_a_damaged_file_is_found(
    broken: Broken, pattern: str, breaking: Callable[[Path], None], words: str
):
    breaking(broken.file(pattern))
    assert any(words in each for each in all_of(broken.stopped()))


@pytest.mark.parametrize(
    "name",
    [
        "uploads/1/.table.partial",
        "uploads/incoming/abc",
        "uploads/1/" + "a" * 64 + ".csv",
        "model/1/other_20260101_000000.keras",
        "model/checkpoints/1.ckpt",
        "model/checkpoints/2.1.ckpt",
        "model/checkpoints/77.kept.ckpt",
        "stranger",
    ],
)
def test_a_file_that_belongs_to_nothing_is_found(broken: Broken, name: str):
    (broken.data_dir / name).touch()
    assert list(checker.no_file_is_left_over(broken.stopped())) == [
        f"the file {name} belongs to nothing"
    ]


def test_a_damaged_page_of_the_database_is_found(broken: Broken):
    database = broken.data_dir / "exotrain.db"
    page = 4096
    with open(database, "r+b") as file:
        for number in range(1, database.stat().st_size // page):
            file.seek(number * page)
            file.write(os.urandom(64))
    try:
        found = list(checker.the_database_is_whole(broken.stopped()))
    except sqlite3.DatabaseError:
        return
    assert found


def test_a_model_that_an_interruption_changed_is_found(broken: Broken, monkeypatch):
    stopped = broken.stopped()
    model = stopped.models[1]
    path = broken.data_dir / "model" / model["file"]
    content = path.read_bytes()
    assert checker.load_light(path, model, stopped.sessions[1]) is None
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert "has changed what was learnt" in str(checker.load_light(path, model, None))


@pytest.mark.parametrize(
    ("lines", "invariant", "words"),
    [
        (
            [Line(1, "started"), Line(2, "twice")],
            checker.no_session_was_trained_twice,
            "the worker 2 beside another one",
        ),
        (
            [Line(1, "started"), Line(1, "epoch", 1), Line(1, "epoch", 2), Line(2, "started", 0)],
            checker.at_most_one_epoch_was_repeated,
            "had finished epoch 2, and went on after epoch 0",
        ),
    ],
)
def test_what_workers_must_not_do_is_found(lines, invariant, words):
    (found,) = invariant({5: lines})
    assert words in found


def test_one_repeated_epoch_is_allowed():
    lines = [Line(1, "started"), Line(1, "epoch", 1), Line(1, "epoch", 2), Line(2, "started", 1)]
    assert list(checker.at_most_one_epoch_was_repeated({5: lines})) == []


def deleted(ledger: Ledger) -> None:
    ledger.named("model", 1, 1)
    ledger.asks("model", 1, "delete")
    ledger.accepts("model", 1, "delete")


def cancelled(ledger: Ledger) -> None:
    ledger.named("session", 1, 1)
    ledger.accepts("session", 1, "cancel")


def ended_otherwise(ledger: Ledger) -> None:
    ledger.named("session", 1, 1)
    ledger.saw_end(1, "failed")


def promoted(ledger: Ledger) -> None:
    ledger.asks_promotion(1, 8)
    ledger.accepts_promotion(1, 8)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda ledger: ledger.named("session", 9, 1), "session 9 was accepted, and is lost"),
        (lambda ledger: ledger.named("dataset", 9, 1), "dataset 9 was accepted, and is lost"),
        (deleted, "model 1 was deleted, and is there again"),
        (cancelled, "session 1 was cancelled, and is completed"),
        (ended_otherwise, "session 1 was seen failed, and is completed"),
        (promoted, "model 8 was promoted, and 1 is current"),
    ],
)
def test_what_was_accepted_and_is_lost_is_found(whole: Path, write, words: str):
    ledger = Ledger()
    write(ledger)
    stopped = Stopped(whole / "data")
    assert list(checker.nothing_accepted_is_lost(stopped, ledger, is_quiet=True)) == [
        words if words.startswith(("session", "dataset", "model 1")) else f"workspace 1: {words}"
    ]


def test_what_was_asked_and_not_answered_may_have_happened_or_not(whole: Path):
    ledger = Ledger()
    for kind in ("session", "dataset", "model"):
        for number in (1, 9):
            ledger.named(kind, number, 1)
            ledger.asks(kind, number, "delete")
    ledger.asks("session", 1, "cancel")
    ledger.asks_promotion(1, 8)
    stopped = Stopped(whole / "data")
    assert list(checker.nothing_accepted_is_lost(stopped, ledger, is_quiet=True)) == []


@pytest.fixture
def left_over() -> Iterator[str]:
    """The mark of a process that nobody ended."""
    mark = f"test-{os.getpid()}"
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(
        command,
        env={**os.environ, MARK: mark},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield mark
        process.kill()


def test_a_process_that_is_left_over_is_found(left_over: str):
    (found,) = checker.no_process_is_left_over(marked(left_over).values())
    assert "has outlived its server" in found
