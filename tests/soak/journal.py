"""What the workers did, written down by themselves: a file a session, outside the data folder.

A worker that finds another one at the same session says so in a line; the checker reads it.

A worker also waits where a test wants it to: while the journal's folder has a file `hold.<stage>`.
The stages are preparing, learning, evaluating, saving and predicting.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend import wire

Job = Callable[..., None]

_POLL_SECONDS = 0.02

# The stage that begins with an event.
_BEGINS = {"started": "learning", "stage": "evaluating", "evaluated": "saving"}


@dataclass(frozen=True)
class Line:
    """One thing that a worker did.

    Attributes:
        worker: its process.
        what: started, epoch, saved, or twice: another worker trains this session.
        epoch: finished epochs at a start, or the epoch that is finished.
    """

    worker: int
    what: str
    epoch: int = 0


class Hold:
    """Makes workers wait at a stage.

    Args:
        folder: of the journal.
        stage: where.
    """

    def __init__(self, folder: Path, stage: str) -> None:
        self._file = folder / f"hold.{stage}"
        self._reached = folder / f"reached.{stage}"
        self._file.touch()

    @property
    def is_reached(self) -> bool:
        """Whether a worker waits."""
        return self._reached.exists()

    def release(self) -> None:
        """Let it go on, and whoever comes later."""
        self._file.unlink(missing_ok=True)


def watched(train_session: Job) -> Job:
    """The same, noted in the journal of the folder that JOURNAL names."""

    def train(job: wire.Train, storage: Any, emit: Callable, *others: Any) -> None:
        with open(_folder() / f"{job.session_id}.jsonl", "a") as journal:
            try:
                fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _write(journal.fileno(), Line(os.getpid(), "twice"))

            def note_and_emit(event: wire.SessionEvent) -> None:
                line = _line_of(event)
                if line is not None:
                    _write(journal.fileno(), line)
                emit(event)
                if event.event in _BEGINS:
                    _wait_at(_BEGINS[event.event])

            _wait_at("preparing")
            train_session(job, storage, note_and_emit, *others)

    return train


def held(answer_predictions: Job) -> Job:
    """The same, but it waits before each answer for as long as a test wants."""

    def serve(storage: Any, next_request: Callable, answer: Callable) -> None:
        def wait_and_answer(found: Any) -> None:
            _wait_at("predicting")
            answer(found)

        answer_predictions(storage, next_request, wait_and_answer)

    return serve


def read(folder: Path) -> dict[int, list[Line]]:
    """The lines of every session that a worker began, oldest first."""
    return {
        int(path.stem): [Line(**json.loads(line)) for line in path.read_text().splitlines()]
        for path in folder.glob("*.jsonl")
    }


def _folder() -> Path:
    return Path(os.environ["JOURNAL"])


def _wait_at(stage: str) -> None:
    while (_folder() / f"hold.{stage}").exists():
        (_folder() / f"reached.{stage}").touch()
        time.sleep(_POLL_SECONDS)


def _line_of(event: wire.SessionEvent) -> Line | None:
    match event:
        case wire.Started():
            return Line(os.getpid(), "started", event.resumed_from_epoch)
        case wire.Epoch():
            return Line(os.getpid(), "epoch", event.epoch)
        case wire.Saved():
            return Line(os.getpid(), "saved")
        case _:
            return None


def _write(descriptor: int, line: Line) -> None:
    os.write(descriptor, json.dumps(line.__dict__).encode() + b"\n")  # whole, or not at all
