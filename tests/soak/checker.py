"""What must be true of a data folder, whatever was killed, and when: a function an invariant.

Each gives what is wrong in words, one sentence a violation; none means that the invariant holds.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from backend.database import models
from backend.storage.layout import BESIDE_MODEL
from tests.soak import journal
from tests.soak.ledger import Ledger
from tests.soak.stopped import Row, Stopped

ENDED = ("completed", "failed", "cancelled")

# What a killed worker and a killed server may make of a session. No memory runs out in a soak.
_REASONS = ("crashed", "interrupted")

# Beside `uploads` and `model`.
_OWN_FILES = re.compile(r"exotrain\.(db(-wal|-shm)?|db\..+|lock|log)|server\.log|demo\.token")
_MODEL_SUFFIXES = (".keras", *BESIDE_MODEL)
_DATASET_SUFFIXES = (".csv", ".npy", ".evidence.npy", ".rejected.jsonl")
_CHECKPOINT = re.compile(r"model/checkpoints/(?P<session>\d+)(\.(?P<what>\d+|kept))?\.ckpt")

Violations = Iterable[str]

# What is wrong with a model's file, whose session and row are given; None: nothing.
Load = Callable[[Path, Row, Row | None], str | None]


def the_database_is_whole(stopped: Stopped) -> Violations:
    """SQLite finds no damage, and no row without its parent."""
    yield from (f"the database: {each}" for each in stopped.integrity)


def every_session_has_one_state(stopped: Stopped) -> Violations:
    """Waiting, training or ended, with what belongs to that state and nothing else."""
    models: dict[int, list[int]] = {}
    for model in stopped.models.values():
        models.setdefault(model["session_id"], []).append(model["id"])
    for number, session in stopped.sessions.items():
        status, saved = session["status"], models.get(number, [])
        name = f"session {number} ({status})"
        if status not in (*ENDED, "pending", "training"):
            yield f"{name}: its status is none that a session can have"
        if (status in ENDED) != (session["completed_at"] is not None):
            yield f"{name}: completed_at is {session['completed_at']}"
        if status in ENDED and session["request"] is not None:
            yield f"{name}: it still has the request {session['request']}"
        if len(saved) > 1:
            yield f"{name}: it saved the models {saved}"
        if saved and status not in ("completed", "failed"):
            yield f"{name}: it has the model {saved[0]}"
        if (status == "failed") != (session["error"] is not None):
            yield f"{name}: its error is {session['error']}"


def every_session_ended(stopped: Stopped) -> Violations:
    """Nothing waits and nothing trains any more; only after a quiet time."""
    for number, session in stopped.sessions.items():
        if session["status"] not in ENDED:
            yield f"session {number} is {session['status']} for ever"


def failures_are_told_right(stopped: Stopped) -> Violations:
    """A session that a kill ended says so in words, and blames nothing else."""
    for number, session in stopped.sessions.items():
        error = session["error"]
        if error is not None and not (error["reason"] in _REASONS and error["message"]):
            yield f"session {number} failed because of {error}"


def no_session_was_trained_twice(lines: dict[int, list[journal.Line]]) -> Violations:
    """Never by two workers at once."""
    for number, each in lines.items():
        twice = [line.worker for line in each if line.what == "twice"]
        if twice:
            yield f"session {number} was trained by the worker {twice[0]} beside another one"


def at_most_one_epoch_was_repeated(lines: dict[int, list[journal.Line]]) -> Violations:
    """A new worker goes on behind the last epoch that an earlier one finished, or one before."""
    for number, each in lines.items():
        finished = 0
        for line in each:
            if line.what == "started" and line.epoch < finished - 1:
                yield (
                    f"session {number} had finished epoch {finished}, and went on after epoch "
                    f"{line.epoch}"
                )
            if line.what in ("started", "epoch"):
                finished = line.epoch


def every_epoch_is_recorded_once(stopped: Stopped) -> Violations:
    """The epochs of a session are those from 1 to `epochs_completed`."""
    for number, session in stopped.sessions.items():
        epochs, completed = stopped.epochs[number], session["epochs_completed"]
        if epochs != list(range(1, completed + 1)):
            yield f"session {number} has completed {completed} epochs, and recorded {epochs}"


def every_model_is_the_one_that_was_saved(stopped: Stopped, load: Load) -> Violations:
    """Its file has its hash and can be loaded, and its manifest and its test rows belong to it."""
    for number, model in stopped.models.items():
        path = stopped.data_dir / "model" / model["file"]
        if not path.exists():
            yield f"model {number} has no file {model['file']}"
            continue
        if _sha256(path) != model["sha256"]:
            yield f"model {number}: the file {model['file']} has another hash than its row"
            continue
        try:
            manifest = json.loads(path.with_suffix(".json").read_bytes())
            np.load(path.with_suffix(".test.npy"))
            kept = {
                ".neighbours.npy": models.neighbours_sha256(model),
                ".related.npy": models.related_sha256(model),
            }
            others = [
                suffix
                for suffix, sha256 in kept.items()
                if sha256 is not None and _sha256(path.with_suffix(suffix)) != sha256
            ]
        except (OSError, ValueError) as error:
            yield f"model {number}: what lies beside {model['file']} cannot be read: {error}"
            continue
        if others:
            yield f"model {number}: {others} beside {model['file']} are those of another"
            continue
        if manifest != model["manifest"]:
            yield f"model {number}: the manifest beside {model['file']} is that of another model"
            continue
        problem = load(path, model, stopped.sessions.get(model["session_id"]))
        if problem is not None:
            yield f"model {number}: {problem}"


def every_current_copy_is_the_current_model(stopped: Stopped) -> Violations:
    """`exoplanet_model.keras` is the model that the workspace predicts with."""
    for number, workspace in stopped.workspaces.items():
        copy = stopped.data_dir / "model" / str(number) / "exoplanet_model.keras"
        current = workspace["current_model_id"]
        if current is None:
            continue
        if current not in stopped.models:
            yield f"the current model {current} of workspace {number} is not there"
        elif not copy.exists() or _sha256(copy) != stopped.models[current]["sha256"]:
            yield f"the copy of the current model of workspace {number} is not model {current}"


def every_dataset_has_its_files(stopped: Stopped) -> Violations:
    """The catalogue is the one that was uploaded, and its table has the rows that are counted."""
    for number, dataset in stopped.datasets.items():
        folder = stopped.data_dir / "uploads" / str(dataset["workspace_id"])
        catalogue = folder / f"{dataset['sha256']}.csv"
        if not catalogue.exists() or _sha256(catalogue) != dataset["sha256"]:
            yield f"dataset {number}: its catalogue is not the one that was uploaded"
        try:
            rows = len(np.load(catalogue.with_suffix(".npy"), mmap_mode="r"))
        except (OSError, ValueError) as error:
            yield f"dataset {number}: its table cannot be read: {error}"
            continue
        if rows != dataset["num_samples"]:
            yield f"dataset {number}: {rows} rows in its table, {dataset['num_samples']} counted"


def nothing_in_the_bin_lacks_a_file(stopped: Stopped) -> Violations:
    """What was deleted can be restored."""
    for file in sorted(stopped.in_bin - stopped.files()):
        yield f"the file {file} of something in the bin is missing"


def no_file_is_left_over(stopped: Stopped) -> Violations:
    """Every file belongs to a row of the database; only after a start and a clean end."""
    known = stopped.in_bin | {
        f"uploads/{each['workspace_id']}/{each['sha256']}{suffix}"
        for each in stopped.datasets.values()
        for suffix in _DATASET_SUFFIXES
    }
    for model in stopped.models.values():
        stem = model["file"].removesuffix(".keras")
        known |= {f"model/{stem}{suffix}" for suffix in _MODEL_SUFFIXES}
    for number in stopped.workspaces:
        known.add(f"model/{number}/exoplanet_model.keras")
    for file in sorted(stopped.files() - known):
        if not _OWN_FILES.fullmatch(file) and not _is_needed_checkpoint(file, stopped):
            yield f"the file {file} belongs to nothing"


def no_process_is_left_over(processes: Iterable[str]) -> Violations:
    """When a server has ended, none of its workers runs; `processes` are those that do."""
    yield from (f"the process {each} has outlived its server" for each in processes)


def nothing_accepted_is_lost(stopped: Stopped, ledger: Ledger, *, is_quiet: bool) -> Violations:
    """What a server has answered for is there, and what it has deleted stays deleted.

    Args:
        stopped: the folder.
        ledger: of the visitors.
        is_quiet: whether every session had the time to end.
    """
    tables = {"session": stopped.sessions, "dataset": stopped.datasets, "model": stopped.models}
    with ledger.lock:
        for kind, things in ledger.things.items():
            for number, thing in things.items():
                is_there = number in tables[kind]
                if "delete" in thing.accepted and is_there:
                    yield f"{kind} {number} was deleted, and is there again"
                if "delete" not in thing.asked and not is_there:
                    yield f"{kind} {number} was accepted, and is lost"
        for number, thing in ledger.things["session"].items():
            if number in stopped.sessions:
                yield from _kept_promises(
                    number, stopped.sessions[number], thing.accepted, thing.ended_as, is_quiet
                )
        for workspace, current in ledger.current.items():
            found = stopped.workspaces[workspace]["current_model_id"]
            allowed = current.asked | {current.accepted}
            if current.accepted is not None and found not in allowed:
                yield (
                    f"workspace {workspace}: model {current.accepted} was promoted, and "
                    f"{found} is current"
                )


def _kept_promises(
    number: int, session: Row, accepted: set[str], ended_as: str | None, is_quiet: bool
) -> Violations:
    status = session["status"]
    if "cancel" in accepted and status in ("completed", "failed"):
        yield f"session {number} was cancelled, and is {status}"
    if accepted & {"cancel", "stop"} and status == "pending" and is_quiet:
        yield f"session {number} was ended, and waits"
    if ended_as not in (None, status):
        yield f"session {number} was seen {ended_as}, and is {status}"


def _is_needed_checkpoint(file: str, stopped: Stopped) -> bool:
    name = _CHECKPOINT.fullmatch(file)
    session = stopped.sessions.get(int(name["session"])) if name else None
    if name is None or session is None:
        return False
    if name["what"] == "kept":
        return session["status"] == "failed" and session.get("checkpoint_bytes") is not None
    return session["status"] not in ENDED


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_light(path: Path, model: Row, session: Row | None) -> str | None:
    """A light model is the one that its spec and its epochs give, to the last byte."""
    from backend import wire
    from tests.soak import light_jobs

    content = path.read_bytes()
    epochs = light_jobs.epochs_of(content)
    spec = wire.Spec.model_validate(model["manifest"]["spec"])
    if content != light_jobs.model_of(spec, epochs):
        return "an interruption has changed what was learnt"
    if session is not None and session["epochs_completed"] != epochs:
        return f"it has learnt for {epochs} epochs, and {session['epochs_completed']} are recorded"
    return None


def load_real(path: Path, model: Row, _session: Row | None) -> str | None:
    """A real model is loaded as the predictor does; each hash once."""
    from backend.training.model_file import ModelFileError, load_verified_model

    if model["sha256"] not in _LOADED:
        try:
            load_verified_model(path, model["sha256"])
        except ModelFileError as error:
            return str(error)
        _LOADED.add(model["sha256"])
    return None


_LOADED: set[str] = set()
