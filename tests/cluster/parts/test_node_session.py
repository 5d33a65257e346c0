"""A session on its node: what it sends, in which order, and what it does when it cannot begin."""

from pathlib import Path

import pytest

from backend import wire
from backend.cluster.messages import Beat, FileBegins, Piece, Reported, Said, Unfit
from backend.cluster.node import session as module
from backend.cluster.node.folder import NodeFolder
from backend.cluster.node.session import Session
from backend.storage.layout import Storage
from tests import messages

NEEDS = wire.Needs(cpus=1, gpus=0.0, memory_mb=None)
JOB = messages.job(session_id=7, start=4, model_file="1/m.keras")


class FakeWorker:
    """A worker that says what a test wants as soon as it has its job."""

    has_learnt = True

    def __init__(self, data: Path, script=lambda _worker: None, takes: bool = True) -> None:
        Storage(data).make_folders()
        self.data = data
        self.is_ended = self.is_stopped = False
        self._script, self._takes = script, takes

    def begin(self, job, report, said) -> bool:
        if not self._takes:
            return False
        self.report, self.said = lambda event: report(job, event), said
        self._script(self)
        return True

    def stop(self) -> None:
        self.is_stopped = True

    def tick(self, _seconds: float) -> None:
        pass

    def end(self) -> None:
        self.is_ended = True


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EXOTRAIN_NODE_DIR", str(tmp_path / "nodes"))
    return NodeFolder("n1")


@pytest.fixture
def prepared(monkeypatch):
    """How often a worker was prepared for the next session."""
    found: list[int] = []
    monkeypatch.setattr(module.workers, "prepare", lambda *_: found.append(1))
    return found


@pytest.fixture
def run(folder, prepared, monkeypatch):
    """Runs a session with these workers; returns what it sends."""

    def run(*workers, bring=lambda _data: None, ask=lambda: "go on", needs=NEEDS, prepares=True):
        left = list(workers)
        monkeypatch.setattr(module.workers, "take", lambda *_: left.pop(0))
        monkeypatch.setattr(module.workers, "Worker", lambda *_: left.pop(0))
        return list(Session(JOB, needs, folder, ask, prepares=prepares).run(bring))

    return run


def write(path: Path, content: bytes) -> None:
    """Replace a file, as a worker does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)


def files(sent):
    """The files among the messages, with their content."""
    found, name = {}, ""
    for each in sent:
        if isinstance(each, FileBegins):
            name, found[each.path] = each.path, b""
        if isinstance(each, Piece):
            found[name] += each.content
    return found


def test_the_checkpoint_and_the_model_go_before_what_says_that_they_are_there(run, tmp_path):
    def script(worker):
        storage = Storage(worker.data)
        worker.said(b"a line\n")
        write(storage.checkpoint(7, 4), b"state")
        worker.report(messages.epoch(1))
        write(storage.model("1/m.keras"), b"model")
        write(storage.model("1/m.keras").with_suffix(".json"), b"{}")
        worker.report(messages.saved())
        worker.report(wire.Exited())

    worker = FakeWorker(tmp_path / "data", script)
    sent = run(worker)
    assert files(sent) == {
        "model/checkpoints/7.4.ckpt": b"state",
        "model/1/m.json": b"{}",
        "model/1/m.keras": b"model",
    }
    assert sent[0] == Said(b"a line\n")
    reported = [wire.decode_report(each.line) for each in sent if isinstance(each, Reported)]
    assert reported == [messages.epoch(1), messages.saved(), wire.Exited()]
    kinds = [type(each) for each in sent]
    assert kinds[-2:] == [Reported, Reported]  # saved, behind the last piece, and exited
    assert worker.is_ended


@pytest.mark.parametrize("error", [OSError(28, "No space left"), RuntimeError("no thread")])
def test_a_node_that_cannot_bring_the_files_is_unfit_and_its_worker_ends(run, tmp_path, error):
    def bring(_data):
        raise error

    worker = FakeWorker(tmp_path / "data")
    (sent,) = run(worker, bring=bring)
    assert isinstance(sent, Unfit)
    assert str(error) in sent.message
    assert worker.is_ended


def test_a_worker_that_waited_and_is_gone_is_replaced_once(run, tmp_path):
    first = FakeWorker(tmp_path / "first", takes=False)
    second = FakeWorker(tmp_path / "second", lambda worker: worker.report(wire.Exited()))
    assert run(first, second) == [Reported(wire.encode(wire.Exited()))]
    assert first.is_ended
    gone = [FakeWorker(tmp_path / f"gone{number}", takes=False) for number in range(3)]
    (sent,) = run(*gone)
    assert isinstance(sent, Unfit)
    assert all(each.is_ended for each in gone)


def test_a_session_without_a_word_says_that_it_is_there(run, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.0)
    asked = iter(["go on", "go on", "end"])
    monkeypatch.setattr(module, "ASK_SECONDS", 0.3)
    sent = run(FakeWorker(tmp_path / "data"), ask=lambda: next(asked))
    assert sent
    assert set(map(type, sent)) == {Beat}


def test_the_desk_stops_a_session_once_and_ends_it(run, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ASK_SECONDS", 0.01)
    asked = iter(["go on", "stop", "stop", "end"])
    worker = FakeWorker(tmp_path / "data")
    assert run(worker, ask=lambda: next(asked)) == []
    assert worker.is_stopped
    assert worker.is_ended


@pytest.mark.parametrize(
    ("gpus", "prepares", "count"), [(0.0, True, 1), (1.0, True, 0), (0.0, False, 0)]
)
def test_a_worker_waits_for_the_next_session_but_never_with_a_graphics_card(
    run, tmp_path, prepared, gpus, prepares, count
):
    worker = FakeWorker(tmp_path / "data", lambda worker: worker.report(wire.Exited()))
    run(worker, needs=NEEDS.model_copy(update={"gpus": gpus}), prepares=prepares)
    assert len(prepared) == count
