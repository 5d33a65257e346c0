"""The thread runner where no thread can be started, or TensorFlow cannot be imported."""

import sys

import pytest

from backend import wire
from backend.background.supervisor import Supervisor
from backend.background.worker_log import filtered_stderr
from backend.background.workers import thread_runner
from backend.config import Settings
from tests.e2e.server import wait_for
from tests.faults import workers

SECONDS = 60


class Jobs:
    """In the place of `backend.worker.jobs`: trains in no time, in the server's process."""

    @staticmethod
    def train_session(job: wire.Train, storage, emit, _should_stop) -> None:
        path = storage.model(job.model_file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(workers.MODEL)
        for event in workers.events()[1:]:
            emit(event)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings(data_dir=settings.data_dir, token=settings.token, runner="thread")


@pytest.fixture
def supervisor(services):
    made = Supervisor(services.settings, services.database, services.storage, lambda _model: None)
    services.supervisor = made
    yield made
    made.close()


def completed(api, session_id):
    return wait_for(
        lambda: api.get(f"/api/training/session/{session_id}")["session"]["status"],
        lambda status: status not in ("pending", "training"),
        SECONDS,
    )


def test_a_session_for_which_there_is_no_thread_is_tried_again(
    faults, api, key, supervisor, monkeypatch
):
    monkeypatch.setattr(thread_runner, "import_jobs", lambda: Jobs)
    session_id = api.session(key)
    fault = faults.add("thread", "session *", "none", times=2)
    supervisor.start()
    assert completed(api, session_id) == "completed"
    assert fault.effects == 2


def test_tensorflow_that_cannot_be_warmed_up_stops_nothing(
    faults, api, key, supervisor, monkeypatch
):
    monkeypatch.setattr(thread_runner, "import_jobs", lambda: Jobs)
    monkeypatch.delitem(sys.modules, "backend.worker.jobs", raising=False)  # as in a new server
    fault = faults.add("thread", "warm-up", "none")
    supervisor.start()
    wait_for(lambda: fault.effects, bool, SECONDS)
    assert completed(api, api.session(key)) == "completed"


def test_a_file_that_cannot_take_what_tensorflow_prints_ends_nothing_but_the_session(
    faults, api, key, supervisor, monkeypatch
):
    def import_jobs():
        with filtered_stderr():
            return Jobs

    monkeypatch.setattr(thread_runner, "import_jobs", import_jobs)
    monkeypatch.setitem(sys.modules, "backend.worker.jobs", Jobs)  # nothing is warmed up
    fault = faults.add("open", "*", "ENOSPC", caller="*worker_log.filtered_stderr")
    session_id = api.session(key)
    supervisor.start()
    assert completed(api, session_id) in ("completed", "failed")
    assert fault.effects == 1
    assert completed(api, api.session(key)) == "completed"
