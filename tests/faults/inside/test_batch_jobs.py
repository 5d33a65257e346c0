"""Each call of a batch in the background fails once: it waits, or fails in words."""

import pytest

from backend.services import job_thread
from backend.services.batch_jobs.runner import BatchRunner
from backend.services.leftovers import remove_leftovers
from backend.storage import batch_views
from backend.transit.catalog.delimited import records
from tests.api import catalogue, complete, form, problem_of, use_depth_predictor
from tests.faults.state import all_of, files_in

BATCHES = "/api/predict/batches"
FILES = "*/uploads/1/batch-*"


@pytest.fixture
def model(api, key, services, short_pauses, monkeypatch):
    use_depth_predictor(api.client)
    monkeypatch.setattr(records, "BATCH_RECORDS", 10)
    monkeypatch.setattr(job_thread, "_SHORTAGE_SECONDS", 0.001)
    monkeypatch.setattr(job_thread, "_RESTART_SECONDS", 0.001)
    return complete(services, api.session(key))


def post(api, key, expect=202):
    return api.post(BATCHES, expect, data=form(catalogue(25), workspace_key=key))


def posted(api, key):
    return post(api, key)["batch"]["id"]


def state(api, batch_id):
    return api.get(f"{BATCHES}/{batch_id}")["batch"]


def completes(api, key, services, batch_id):
    """A batch completes, with the bytes of the answer at once."""
    BatchRunner(services).work()
    after = state(api, batch_id)
    assert after["status"] == "completed", after["error"]
    with (
        api.get(f"{BATCHES}/{batch_id}/result", None) as download,
        api.batch(key, catalogue(25), None) as at_once,
    ):
        assert download.data == at_once.data


POSTING = [
    pytest.param("open", "*/uploads/incoming/*", 1, id="receive"),
    pytest.param("write", "*/uploads/incoming/*", 1, id="write what was received"),
    pytest.param("fsync", "*/uploads/incoming/*", 1, id="sync it"),
    pytest.param("rename", "*/uploads/1/batch-1.upload", 1, id="put it in its place"),
]


@pytest.mark.parametrize(("call", "what", "first"), POSTING)
@pytest.mark.parametrize(("effect", "status"), [("ENOSPC", 507), ("EIO", 500)])
def test_a_file_that_cannot_be_put_in_its_place_is_no_batch_and_leaves_nothing(
    faults, api, key, services, model, call, what, first, effect, status
):
    before = all_of(services)
    fault = faults.add(call, what, effect, first=first)
    answer = post(api, key, None)
    assert fault.effects == 1
    assert answer.status_code == status, answer.get_data(as_text=True)
    problem_of(answer)
    assert all_of(services) == before
    completes(api, key, services, posted(api, key))


@pytest.mark.parametrize(
    ("statement", "effect", "status"),
    [
        ("BEGIN IMMEDIATE", "database is locked", 503),
        ("INSERT INTO batches*", "database or disk is full", 507),
        ("COMMIT", "disk I/O error", 500),
    ],
)
def test_a_batch_whose_row_cannot_be_written_leaves_nothing(
    faults, api, key, services, model, statement, effect, status
):
    before = all_of(services)
    fault = faults.add("sql", statement, effect)
    answer = post(api, key, None)
    assert fault.effects == 1
    assert answer.status_code == status
    assert all_of(services) == before
    completes(api, key, services, posted(api, key))


WRITING = [("open", 1), ("write", 1), ("write", 2), ("fsync", 1), ("fsync", 2)]


@pytest.mark.parametrize("file", ["csv", "rows"])
@pytest.mark.parametrize(("call", "first"), WRITING)
@pytest.mark.parametrize(("effect", "reason"), [("ENOSPC", "no_space"), ("EIO", "crashed")])
def test_a_batch_whose_result_cannot_be_written_fails_in_words_and_leaves_nothing(
    faults, api, key, services, model, call, file, first, effect, reason
):
    before = files_in(services.storage.uploads)
    batch_id = posted(api, key)
    fault = faults.add(call, f"*/batch-*.{file}", effect, first=first)
    BatchRunner(services).work()
    assert fault.effects == 1
    after = state(api, batch_id)
    assert (after["status"], after["error"]["reason"]) == ("failed", reason)
    assert effect not in after["error"]["message"]
    assert files_in(services.storage.uploads) == before
    completes(api, key, services, posted(api, key))


@pytest.mark.parametrize(
    ("call", "what"),
    [("open", "*/batch-*.csv"), ("open", "*/batch-*.upload"), ("thread", "batch*")],
)
def test_a_batch_waits_while_the_machine_is_short_of_something(
    faults, api, key, services, model, call, what
):
    batch_id = posted(api, key)
    fault = faults.add(call, what, "EMFILE")
    BatchRunner(services).work()
    assert fault.effects == 1
    completes(api, key, services, batch_id)


@pytest.mark.parametrize(
    ("statement", "effect"),
    [("BEGIN IMMEDIATE", "database is locked"), ("COMMIT", "disk I/O error")],
)
@pytest.mark.parametrize("first", [1, 2, 3, 4, 5, 6])
def test_a_step_that_the_database_does_not_take_is_done_again(
    faults, api, key, services, model, monkeypatch, statement, first, effect
):
    batch_id = posted(api, key)
    queue, _ = BatchRunner(services).queues
    fault = faults.add("sql", statement, effect, first=first)
    monkeypatch.setattr(queue._news, "wait", lambda *_: queue._closing.set())  # nothing is left
    queue._run()  # as the thread does
    assert fault.effects == 1
    completes(api, key, services, batch_id)


def test_an_end_that_cannot_be_recorded_at_once_is_recorded_later(
    faults, api, key, services, model
):
    batch_id = posted(api, key)
    faults.add("fsync", "*/batch-*.csv", "EIO")
    fault = faults.add("sql", "UPDATE batches SET*error=*", "database is locked")
    BatchRunner(services).work()
    assert fault.effects == 1
    assert state(api, batch_id)["status"] == "failed"


@pytest.mark.usefixtures("without_bin")
def test_a_batch_whose_files_cannot_be_deleted_is_gone_and_the_next_start_removes_them(
    faults, api, key, services, model, caplog
):
    kept, batch_id = posted(api, key), posted(api, key)
    fault = faults.add("unlink", "*/batch-*.upload", "EIO")
    BatchRunner(services).work()
    assert fault.effects == 1
    assert state(api, kept)["status"] == "completed"
    before = files_in(services.storage.uploads)
    fault = faults.add("unlink", f"*/batch-{batch_id}.csv", "EIO")
    api.delete(f"{BATCHES}/{batch_id}")
    assert fault.effects == 1
    assert f"the deletion of batch {batch_id}" in caplog.text
    api.get(f"{BATCHES}/{batch_id}", 404)
    remove_leftovers(services.database, services.storage)
    gone = before.keys() - files_in(services.storage.uploads).keys()
    assert gone == {
        f"1/batch-{kept}.upload",
        f"1/batch-{batch_id}.csv",
        f"1/batch-{batch_id}.rows",
    }


def test_views_that_cannot_be_deleted_go_at_the_next_start(
    faults, api, key, services, model, caplog
):
    batch_id = posted(api, key)
    left = batch_views.part(services.storage, 1, batch_id, 0)
    left.write_bytes(b"a part")
    fault = faults.add("unlink", f"*/batch-{batch_id}.0.views", "EIO")
    BatchRunner(services).work()
    assert fault.effects == 1
    assert state(api, batch_id)["status"] == "completed"
    assert "the deletion of files of batch" in caplog.text
    assert left.exists()
    remove_leftovers(services.database, services.storage)
    assert not left.exists()


def test_a_thread_that_cannot_be_started_again_is_tried_again_by_the_next_check(
    faults, api, key, services, model
):
    posted(api, key)
    runner = BatchRunner(services)
    fault = faults.add("thread", "batches", "none")
    runner.check()
    assert fault.effects == 1
    assert api.get("/api/health")["status"] == "degraded"
    runner.check()
    assert all(queue._thread.is_alive() for queue in runner.queues)
    runner.close()


def test_old_results_that_cannot_be_forgotten_stay_until_they_can(
    faults, api, key, services, model
):
    batch_id = posted(api, key)
    completes(api, key, services, batch_id)
    runner, _ = BatchRunner(services).queues
    runner._has_recovered = True
    fault = faults.add("sql", "BEGIN IMMEDIATE", "disk I/O error")
    with pytest.raises(Exception, match="disk I/O error"):
        runner.work()
    assert fault.effects == 1
    api.get(f"{BATCHES}/{batch_id}/rows")
    runner.work()
    assert runner._expiry_due > 0


@pytest.mark.parametrize(
    ("call", "first", "effect", "status"),
    [
        ("open", 1, "ENOSPC", 507),  # the table that the child reads
        ("write", 1, "ENOSPC", 507),
        ("open", 2, "EMFILE", 503),  # what it has written
        ("unlink", 1, "EIO", 500),
        ("unlink", 2, "EIO", 500),
    ],
)
def test_a_download_that_cannot_be_written_is_an_error_and_leaves_nothing(
    faults, api, key, services, model, call, first, effect, status
):
    batch_id = posted(api, key)
    BatchRunner(services).work()
    fault = faults.add(call, "*/uploads/incoming/*", effect, first=first)
    path = f"{BATCHES}/{batch_id}/result?format=ecsv"
    assert (api.get(path, None).status_code, fault.effects) == (status, 1)
    remove_leftovers(services.database, services.storage)
    assert files_in(services.storage.incoming) == {}
    assert api.get(path, None).status_code == 200
