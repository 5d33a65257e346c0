"""The runner: kills, cancels, turns, faults, quota, expiry."""

import threading
from dataclasses import replace

import pytest

from backend.background.predictor import ModelUnusable, PredictionFailed, QueueFull
from backend.database import accounts, batches, schema
from backend.errors import Unavailable
from backend.services import job_thread
from backend.services.batch_jobs import work
from backend.services.batch_jobs.index import OwnColumns
from backend.services.batch_jobs.runner import BatchRunner
from backend.services.leftovers import remove_leftovers
from backend.storage import incoming
from backend.transit.catalog.delimited import records
from tests.api import HEADER, catalogue, complete, form, use_depth_predictor
from tests.e2e.server import wait_for

BATCHES = "/api/predict/batches"


class Killed(BaseException):
    """As if the process had ended."""


@pytest.fixture
def predictor(client):
    return use_depth_predictor(client)


@pytest.fixture
def model_id(api, key, services, predictor):
    return complete(services, api.session(key))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Ten records a chunk, and no pause of a second."""
    monkeypatch.setattr(records, "BATCH_RECORDS", 10)
    monkeypatch.setattr(work, "_PAUSES", (0.001, 0.001))
    monkeypatch.setattr(job_thread, "_SHORTAGE_SECONDS", 0.001)


def post(api, key, content=None, **options):
    data = form(content or catalogue(45), workspace_key=key)
    return api.post(BATCHES, 202, data=data, **options)["batch"]["id"]


def state(api, batch_id):
    return api.get(f"{BATCHES}/{batch_id}")["batch"]


def result(api, batch_id):
    answer = api.get(f"{BATCHES}/{batch_id}/result", None)
    assert answer.status_code == 200
    return answer.data


def files(services):
    return sorted(path.name for path in services.storage.uploads.glob("*/batch-*"))


def kill_at(predictor, monkeypatch, call, error=Killed):
    """Let the predictor's call of that number raise an error, and all later ones work."""
    answer, calls = predictor.predict, []

    def predict(*arguments, **options):
        calls.append(arguments)
        if len(calls) == call:
            raise error
        return answer(*arguments, **options)

    monkeypatch.setattr(predictor, "predict", predict)
    return calls


@pytest.mark.parametrize("at", [1, 2, 4, 5])
def test_a_batch_that_was_killed_goes_on_and_its_result_is_the_same_to_the_byte(
    api, key, model_id, services, predictor, monkeypatch, at
):
    whole = post(api, key)
    BatchRunner(services).work()
    killed = post(api, key)
    calls = kill_at(predictor, monkeypatch, at)
    with pytest.raises(Killed):
        BatchRunner(services).work()
    after = state(api, killed)
    assert after["status"] == "running"
    assert after["rows_done"] == 10 * max(0, at - 1)
    remove_leftovers(services.database, services.storage)  # of the next start
    calls.clear()
    monkeypatch.setattr(predictor, "predict", type(predictor).predict.__get__(predictor))
    predictor.calls.clear()
    BatchRunner(services).work()
    assert sum(call[2] for call in predictor.calls) == 45 - after["rows_done"]
    assert state(api, killed)["status"] == "completed"
    assert result(api, killed) == result(api, whole)
    assert state(api, killed)["counts"] == state(api, whole)["counts"]
    both = [services.storage.batch_index(1, each).read_bytes() for each in (whole, killed)]
    assert both[0] == both[1]


def test_what_lies_behind_the_counted_rows_is_cut_off(
    api, key, model_id, services, predictor, monkeypatch
):
    whole = post(api, key)
    BatchRunner(services).work()
    killed = post(api, key)
    kill_at(predictor, monkeypatch, 3)
    with pytest.raises(Killed):
        BatchRunner(services).work()
    for path in (services.storage.batch_result(1, killed), services.storage.batch_index(1, killed)):
        with open(path, "ab") as file:
            file.write(b"half a line" * 1_000)
    BatchRunner(services).work()
    assert result(api, killed) == result(api, whole)


def test_a_batch_that_an_earlier_release_began_begins_again(
    api, key, model_id, services, predictor, monkeypatch
):
    whole = post(api, key)
    BatchRunner(services).work()
    killed = post(api, key)
    kill_at(predictor, monkeypatch, 3)
    with pytest.raises(Killed):
        BatchRunner(services).work()
    with services.database.write() as connection:
        reading = dict(batches.find(connection, killed)["reading"])
        del reading["added"]  # as 0.4.0 stored it, with a column less
        batches.change(connection, killed, reading=reading)
    predictor.calls.clear()
    BatchRunner(services).work()
    assert sum(call[2] for call in predictor.calls) == 45
    assert result(api, killed) == result(api, whole)


def test_a_result_of_an_earlier_release_is_read_without_the_columns_that_it_lacks(
    api, key, model_id, services
):
    batch_id = post(api, key)
    BatchRunner(services).work()
    with services.database.read() as connection:
        reading = dict(batches.find(connection, batch_id)["reading"])
    own = OwnColumns.from_json(reading)
    cells = [f"{n}" for n in range(len(own.names))]
    added = ["CONFIRMED", "0.1", "0.7", "0.2", "3.5", "500", "no", *([""] * 3), "7.5"]
    earlier = OwnColumns.from_json({k: v for k, v in reading.items() if k != "added"})
    found = earlier.added_values([*cells, *added, "snr", "period", "yes", ""])
    assert "sparse" not in found
    assert found["outside_training_range"] == ["period"]
    assert (found["trained_on_simulated"], found["single_transit_snr"]) == (True, 7.5)
    assert found["relations"] is None
    related = ["1", "2.5", "K1.02", "0", "", "", "", "", "Its star has …"]
    now = own.added_values([*cells, *added, "snr", "period", "no", *related, "no", "yes", ""])
    assert (now["sparse"], now["light_curve"]) == (False, False)
    assert now["relations"]["sibling"]["name"] == "K1.02"


@pytest.mark.parametrize("lost", ["csv", "rows", "both", "cut"])
def test_a_batch_whose_files_are_not_all_there_begins_again(
    api, key, model_id, services, predictor, monkeypatch, lost
):
    whole = post(api, key)
    BatchRunner(services).work()
    killed = post(api, key)
    kill_at(predictor, monkeypatch, 3)
    with pytest.raises(Killed):
        BatchRunner(services).work()
    table, index = services.storage.batch_result(1, killed), services.storage.batch_index(1, killed)
    for path, name in ((table, "csv"), (index, "rows")):
        if lost in (name, "both"):
            path.unlink()
    if lost == "cut":
        table.write_bytes(table.read_bytes()[:-1])
    BatchRunner(services).work()
    assert result(api, killed) == result(api, whole)
    assert state(api, killed)["rows_done"] == 45


def test_a_batch_whose_chunks_are_other_ones_now_begins_again(
    api, key, model_id, services, predictor, monkeypatch
):
    killed = post(api, key)
    kill_at(predictor, monkeypatch, 3)
    with pytest.raises(Killed):
        BatchRunner(services).work()
    monkeypatch.setattr(records, "BATCH_RECORDS", 15)
    BatchRunner(services).work()
    assert state(api, killed)["counts"]["all"] == 45
    assert len(result(api, killed).splitlines()) == 46


def test_three_restarts_without_rows_end_a_batch_in_words(
    api, key, model_id, services, predictor, monkeypatch
):
    batch_id = post(api, key)
    for _ in range(3):
        monkeypatch.setattr(predictor, "predict", type(predictor).predict.__get__(predictor))
        kill_at(predictor, monkeypatch, 1)
        with pytest.raises(Killed):
            BatchRunner(services).work()
    BatchRunner(services).work()
    after = state(api, batch_id)
    assert (after["status"], after["error"]["reason"]) == ("failed", "interrupted")
    assert files(services) == []


def test_rows_that_are_done_let_restarts_count_from_the_beginning(
    api, key, model_id, services, predictor, monkeypatch
):
    batch_id = post(api, key)
    for _ in range(4):
        monkeypatch.setattr(predictor, "predict", type(predictor).predict.__get__(predictor))
        kill_at(predictor, monkeypatch, 2)
        with pytest.raises(Killed):
            BatchRunner(services).work()
    assert state(api, batch_id)["rows_done"] == 40


def test_a_running_batch_is_cancelled_between_chunks_and_leaves_nothing(
    api, key, model_id, services, predictor, monkeypatch
):
    batch_id = post(api, key)
    answer = predictor.predict

    def predict(*arguments, **options):
        if len(predictor.calls) == 2:
            said = api.post(f"{BATCHES}/{batch_id}/cancel")
            assert said["batch"]["request"] == "cancel"
        return answer(*arguments, **options)

    monkeypatch.setattr(predictor, "predict", predict)
    BatchRunner(services).work()
    after = state(api, batch_id)
    assert (after["status"], after["request"], after["stored_bytes"]) == ("cancelled", None, 0)
    assert files(services) == []
    assert len(predictor.calls) < 5


def test_a_batch_that_waits_for_the_predictor_is_cancelled_too(
    api, key, model_id, services, predictor, monkeypatch
):
    monkeypatch.setattr(work, "_PAUSES", (30.0,))
    batch_id = post(api, key)
    runner = services.batch_runner = BatchRunner(services)
    waits = threading.Event()

    def refuse(*_arguments, **_options):
        waits.set()
        raise QueueFull("full")

    monkeypatch.setattr(predictor, "predict", refuse)
    runner.start()
    assert waits.wait(10)
    api.post(f"{BATCHES}/{batch_id}/cancel")
    wait_for(lambda: state(api, batch_id)["status"], lambda now: now == "cancelled")
    runner.close()


def test_a_cancel_that_came_before_the_wait_is_not_waited_for(
    api, key, model_id, services, predictor, monkeypatch
):
    batch_id = post(api, key)
    with services.database.write() as connection:
        batches.change(connection, batch_id, status="running", request="cancel")
        batch = batches.find(connection, batch_id)
    queue, _ = BatchRunner(services).queues
    monkeypatch.setattr(queue._news, "wait", lambda _seconds: pytest.fail("it waits"))
    with pytest.raises(job_thread.Cancelled):
        queue._pause(batch, 30.0)


@pytest.mark.parametrize("error", [QueueFull("full"), PredictionFailed("restarting")])
def test_a_predictor_that_is_busy_or_restarting_is_waited_for(
    api, key, model_id, services, predictor, monkeypatch, error
):
    batch_id = post(api, key)
    calls = kill_at(predictor, monkeypatch, 2, error)
    BatchRunner(services).work()
    assert state(api, batch_id)["status"] == "completed"
    assert len(calls) == 6


def test_every_chunk_is_a_continued_one_so_that_a_full_queue_does_not_refuse_it(
    api, key, model_id, services, predictor, monkeypatch
):
    post(api, key)
    answer, seen = predictor.predict, []

    def predict(*arguments, is_continued, **options):
        seen.append(is_continued)
        return answer(*arguments, is_continued=is_continued, **options)

    monkeypatch.setattr(predictor, "predict", predict)
    BatchRunner(services).work()
    assert seen == [True] * 5


@pytest.mark.parametrize(
    ("error", "reason", "said"),
    [
        (ModelUnusable("The file is damaged."), "model_corrupt", "damaged"),
        (PredictionFailed("It failed twice."), "predictor", "failed twice"),
        (ZeroDivisionError("secret"), "crashed", "its log has the reason"),
        (OSError(28, "No space left on device"), "no_space", "is full"),
    ],
)
def test_a_real_fault_fails_the_batch_in_words_and_the_next_one_goes_on(
    api, key, model_id, services, predictor, monkeypatch, error, reason, said
):
    first, second = post(api, key), post(api, key, catalogue(4))
    answer = predictor.predict

    def predict(model_file, sha256, rows, source, user_id, **options):
        if len(rows) > 5:
            raise error
        return answer(model_file, sha256, rows, source, user_id, **options)

    monkeypatch.setattr(predictor, "predict", predict)
    BatchRunner(services).work()
    after = state(api, first)
    assert (after["status"], after["error"]["reason"]) == ("failed", reason)
    assert said in after["error"]["message"]
    assert "secret" not in after["error"]["message"]
    assert after["stored_bytes"] == 0
    assert state(api, second)["status"] == "completed"
    assert files(services) == [f"batch-{second}.csv", f"batch-{second}.rows"]


def test_a_machine_short_of_something_lets_a_batch_wait(
    api, key, model_id, services, predictor, monkeypatch
):
    batch_id = post(api, key)
    kill_at(predictor, monkeypatch, 3, MemoryError())
    BatchRunner(services).work()
    assert state(api, batch_id)["status"] == "completed"
    assert state(api, batch_id)["rows_done"] == 45


@pytest.mark.parametrize(("failures", "status"), [(3, "completed"), (4, "failed")])
def test_a_child_that_makes_text_of_a_file_is_waited_for_but_not_for_ever(
    api, key, model_id, services, monkeypatch, failures, status
):
    batch_id = post(api, key)
    as_text, left = services.converter.as_text, [failures]

    def busy(*arguments):
        if left[0]:
            left[0] -= 1
            raise Unavailable("Other tables are being read.")
        return as_text(*arguments)

    monkeypatch.setattr(job_thread, "_MOST_WAITS", 3)
    monkeypatch.setattr(services.converter, "as_text", busy)
    BatchRunner(services).work()
    batch = state(api, batch_id)
    assert batch["status"] == status
    if status == "failed":
        assert batch["error"] == {"reason": "bad_file", "message": "Other tables are being read."}


def test_a_file_without_a_usable_row_fails_in_words(api, key, model_id, services):
    batch_id = post(api, key, f"{HEADER}\n" + "x,y,z,,,,,,,,\n" * 30)
    BatchRunner(services).work()
    after = state(api, batch_id)
    assert (after["status"], after["error"]["reason"]) == ("failed", "bad_file")
    assert "Only 0 of 30 rows can be used" in after["error"]["message"]
    assert files(services) == []


def test_a_quota_that_is_full_meanwhile_fails_the_batch_in_words(
    api, key, model_id, services, monkeypatch
):
    batch_id = post(api, key)
    monkeypatch.setattr(services, "settings", replace(services.settings, quota_mb=0), raising=False)
    BatchRunner(services).work()
    after = state(api, batch_id)
    assert (after["status"], after["error"]["reason"]) == ("failed", "no_space")
    assert "EXOTRAIN_QUOTA_MB" in after["error"]["message"]
    assert files(services) == []


def test_a_disk_that_is_nearly_full_fails_the_batch_in_words(
    api, key, model_id, services, monkeypatch
):
    batch_id = post(api, key)
    monkeypatch.setattr(incoming, "RESERVED_BYTES", 1 << 60)
    BatchRunner(services).work()
    assert state(api, batch_id)["error"]["reason"] == "no_space"
    assert files(services) == []


def test_a_batch_on_a_disk_that_is_nearly_full_goes_on_with_the_room_of_the_bin(
    api, key, model_id, services, monkeypatch
):
    batch_id = post(api, key)
    api.delete(f"/api/training/dataset/{api.dataset(key, 300)}")
    usage = incoming.shutil.disk_usage("/")
    free = lambda: 1 << 40 if not in_bin() else incoming.RESERVED_BYTES  # noqa: E731

    def in_bin():
        return api.get("/api/bin", query_string={"workspace_key": key})["entries"]

    monkeypatch.setattr(incoming.shutil, "disk_usage", lambda _path: usage._replace(free=free()))
    monkeypatch.setattr(job_thread, "_SHORTAGE_SECONDS", 0)
    BatchRunner(services).work()
    assert state(api, batch_id)["status"] == "completed"
    assert in_bin() == []


def test_a_missing_upload_fails_the_batch_in_words(api, key, model_id, services):
    batch_id = post(api, key)
    services.storage.batch_upload(1, batch_id).unlink()
    BatchRunner(services).work()
    assert "missing on the server" in state(api, batch_id)["error"]["message"]


def test_users_take_turns(api, key, model_id, services):
    order = []
    for name in ("ann", "bob"):
        other = api.new_user(name)
        api.post(f"/api/workspaces/{key}/members", 201, json={"user": name})
        order += [post(other, key) for _ in range(2)]
    ended = []
    with services.database.read() as connection:
        users = {name: accounts.find_user(connection, name)["id"] for name in ("ann", "bob")}
    queue, _ = BatchRunner(services).queues
    while (batch := queue._take()) is not None:
        ended.append(batch["user_id"])
        queue._do(batch)
    assert ended == [users["ann"], users["bob"]] * 2


def test_a_workspace_deleted_while_its_batch_runs_takes_everything_along(
    api, key, model_id, services, predictor, monkeypatch
):
    post(api, key)
    answer = predictor.predict

    def predict(*arguments, **options):
        if len(predictor.calls) == 2:
            api.delete(f"/api/workspaces/{key}")
        return answer(*arguments, **options)

    monkeypatch.setattr(predictor, "predict", predict)
    BatchRunner(services).work()
    assert files(services) == []
    with services.database.read() as connection:  # its row is of a workspace in the bin
        assert [each["status"] for each in batches.all_states(connection)] == ["cancelled"]


def test_a_batch_that_fails_in_a_workspace_that_was_just_deleted_is_a_cancelled_one(
    api, key, model_id, services, predictor, monkeypatch
):
    batch_id = post(api, key)

    def predict(*_, **__):
        api.delete(f"/api/workspaces/{key}")
        raise ValueError("at the same moment")

    monkeypatch.setattr(predictor, "predict", predict)
    BatchRunner(services).work()
    (entry,) = api.get("/api/bin")["entries"]
    api.post(f"/api/bin/{entry['id']}/restore")
    after = state(api, batch_id)
    assert (after["status"], after["request"], after["error"]) == ("cancelled", None, None)


def test_a_batch_of_a_deleted_workspace_comes_back_without_a_request(api, key, model_id, services):
    batch_id = post(api, key)
    with services.database.write() as connection:
        batches.change(connection, batch_id, status="running", started_at=schema.now())
    api.delete(f"/api/workspaces/{key}")
    BatchRunner(services).work()  # as after a kill before the thread has seen it
    (entry,) = api.get("/api/bin")["entries"]
    api.post(f"/api/bin/{entry['id']}/restore")
    after = state(api, batch_id)
    assert (after["status"], after["request"]) == ("cancelled", None)


def test_a_result_whose_time_is_over_is_removed_and_told_as_such(
    api, key, model_id, services, monkeypatch
):
    batch_id = post(api, key)
    runner = BatchRunner(services)
    runner.work()
    assert state(api, batch_id)["expires_at"] > schema.now()
    with services.database.write() as connection:
        batches.change(connection, batch_id, completed_at="2020-01-01T00:00:00.000Z")
    runner.queues[0]._expiry_due = 0.0
    runner.work()
    assert files(services) == []
    after = state(api, batch_id)
    assert (after["status"], after["stored_bytes"], after["expires_at"]) == ("completed", 0, None)
    assert after["expired_at"] is not None
    for path in ("rows", "result"):
        detail = api.get(f"{BATCHES}/{batch_id}/{path}", 410)["detail"]
        assert "kept for 30 days (EXOTRAIN_BATCH_DAYS)" in detail
    api.delete(f"{BATCHES}/{batch_id}")


def test_a_result_that_is_missing_or_cut_off_is_said_to_be(api, key, model_id, services):
    batch_id = post(api, key)
    BatchRunner(services).work()
    for name in ("batch_result", "batch_index"):
        path = getattr(services.storage, name)(1, batch_id)
        content = path.read_bytes()
        for damage in (content[:-1], b""):
            path.write_bytes(damage)
            assert "missing" in api.get(f"{BATCHES}/{batch_id}/rows", 409)["detail"]
        path.unlink()
        assert "missing" in api.get(f"{BATCHES}/{batch_id}/result", 409)["detail"]
        path.write_bytes(content)
    api.get(f"{BATCHES}/{batch_id}/rows")


def test_a_start_keeps_what_batches_need_and_removes_what_they_do_not(api, key, model_id, services):
    done = post(api, key)
    BatchRunner(services).work()
    waiting = post(api, key)
    folder = services.storage.batch_upload(1, waiting).parent
    kept = files(services)
    for left in (f"batch-{done}.upload", "batch-99.csv", "batch-99.rows"):
        (folder / left).write_bytes(b"left")
    (folder / "batch-x.csv").write_bytes(b"a stranger's")
    remove_leftovers(services.database, services.storage)
    assert files(services) == sorted([*kept, "batch-x.csv"])


def test_the_thread_goes_on_after_an_error_of_its_own_and_health_says_so(
    api, key, model_id, services, monkeypatch
):
    monkeypatch.setattr(job_thread, "_RESTART_SECONDS", 0.001)
    runner = services.batch_runner = BatchRunner(services)
    queue, _ = runner.queues
    take, failures = queue._take, []

    def fail_twice():
        if len(failures) < 2:
            failures.append(services.troubles.current())
            raise SystemExit
        return take()

    monkeypatch.setattr(queue, "_take", fail_twice)
    runner.start()
    batch_id = post(api, key)
    wait_for(lambda: state(api, batch_id)["status"], lambda now: now == "completed")
    runner.close()
    assert [[each.code for each in noted] for noted in failures] == [[], ["batches"]]


def test_a_dead_thread_is_started_again_and_health_says_so(api, key, model_id, services):
    runner = services.batch_runner = BatchRunner(services)
    batch_id = post(api, key)
    runner.check()  # as if it had ended: it was never started
    health = api.get("/api/health")
    wait_for(lambda: state(api, batch_id)["status"], lambda now: now == "completed")
    runner.close()
    assert health["status"] == "degraded"
    assert [each["code"] for each in health["reasons"]] == ["batches", "batches_with_curves"]


def test_a_stop_in_the_middle_leaves_the_batch_for_the_next_start(
    api, key, model_id, services, predictor, monkeypatch
):
    batch_id = post(api, key)
    queue, _ = BatchRunner(services).queues
    answer = predictor.predict

    def predict(*arguments, **options):
        if len(predictor.calls) == 2:
            queue._closing.set()
            raise PredictionFailed("The server is stopping.")
        return answer(*arguments, **options)

    monkeypatch.setattr(predictor, "predict", predict)
    queue._run()
    assert state(api, batch_id)["status"] == "running"
    assert state(api, batch_id)["rows_done"] == 20
    monkeypatch.setattr(predictor, "predict", answer)
    BatchRunner(services).work()
    assert state(api, batch_id)["status"] == "completed"
