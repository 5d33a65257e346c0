"""Batches whose rows have light curves: prepared, used, gone with the batch; kills and faults."""

import csv
import io
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backend.database import batches
from backend.light_curves.preparing import run
from backend.light_curves.preparing.run import ViewMaker
from backend.services import job_thread
from backend.services.batch_jobs import light_curves
from backend.services.batch_jobs.light_curves import RowViews
from backend.services.batch_jobs.runner import BatchRunner
from backend.services.curves import preparing
from backend.services.leftovers import remove_leftovers
from backend.storage import batch_views, curve_files
from backend.transit.catalog.delimited import records
from backend.transit.columns import ROW_DTYPE
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.view_rows import RECIPE, VIEW_ROW_DTYPE
from tests.api import HEADER, complete, form, problem_of, use_depth_predictor
from tests.e2e.server import wait_for
from tests.light_curves.preparing.made import signal
from tests.services.curves.prepared import CURVES, catalogue, curve_set_of, curves

BATCHES = "/api/predict/batches"
STARS = (1, 2, 3, 4)
SPEC = {"source": "toi", "network": "light_curve_cnn"}


class Killed(BaseException):
    """As if the process had ended."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Three records a chunk, a star a part, and no pause of a second."""
    monkeypatch.setattr(records, "BATCH_RECORDS", 3)
    monkeypatch.setattr(job_thread, "_SHORTAGE_SECONDS", 0.001)
    monkeypatch.setattr(run, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(preparing, "_RECORD_SECONDS", 0.0)


@pytest.fixture
def predictor(client):
    return use_depth_predictor(client)


@pytest.fixture
def model_id(api, key, services, predictor):
    return complete(services, api.session(key), spec=SPEC)


@pytest.fixture
def curve_set_id(api, services, key):
    return curve_set_of(api, services, key, STARS)


@pytest.fixture
def asked(key, model_id, curve_set_id):
    return {"workspace_key": key, "curve_set_id": curve_set_id}


def post(api, asked, content=None, expect: int | None = 202, **options):
    data = form(content or catalogue(STARS), **asked)
    return api.post(BATCHES, expect, data=data, **options)


def posted(api, asked, content=None):
    return post(api, asked, content)["batch"]["id"]


def runner_of(services):
    """With a star a part."""
    return BatchRunner(services, ViewMaker(2000, 60, 1))


def maker_of(runner):
    """What prepares its light curves."""
    return runner.queues[1]._maker


def state(api, batch_id) -> dict[str, Any]:
    return dict(api.get(f"{BATCHES}/{batch_id}")["batch"])


def result(api, batch_id):
    return api.get(f"{BATCHES}/{batch_id}/result", None).data


def light_curve_of(api, batch_id):
    """The column of the result."""
    table = csv.DictReader(io.StringIO(result(api, batch_id).decode()))
    return [row["light_curve"] for row in table]


def views_files(services):
    return sorted(
        path.name for path in services.storage.uploads.rglob("*") if ".views" in path.name
    )


def test_rows_are_predicted_with_their_light_curves_and_others_without(
    api, services, asked, predictor, curve_set_id
):
    batch = post(api, asked)["batch"]
    shown = batch["light_curves"]
    assert (shown["curve_set_id"], shown["name"]) == (curve_set_id, "stars")
    assert (shown["rows"], shown["rows_done"], shown["facts"]) == (0, 0, None)
    runner_of(services).work()
    after = state(api, batch["id"])
    assert (after["status"], after["error"]) == ("completed", None)
    shown = after["light_curves"]
    newest = api.get(f"{CURVES}/{curve_set_id}")["curve_set"]["sha256"]
    assert (shown["curves_sha256"], shown["recipe"]) == (newest, RECIPE)
    assert (shown["rows"], shown["rows_done"], shown["progress"]) == (4, 4, 1.0)
    assert (shown["rows_used"], shown["rows_without"]) == (4, 1)
    told = {"rows": 5, "rows_with_curve": 4, "rows_used": 4, "rows_not_in_set": 1}
    assert shown["facts"].items() >= told.items()
    assert light_curve_of(api, batch["id"]) == ["yes"] * 4 + ["no"]
    rows = api.get(f"{BATCHES}/{batch['id']}/rows")["rows"]
    assert [each["light_curve"] for each in rows] == [True] * 4 + [False]
    first, second = predictor.views
    assert (first["row"].tolist(), second["row"].tolist()) == ([0, 1, 2], [0])
    depths = np.concatenate([first, second])["evidence"][:, EVIDENCE.index("depth")]
    np.testing.assert_allclose(depths, [signal(star).depth for star in STARS], rtol=0.1)
    assert views_files(services) == []
    assert list(services.storage.incoming.iterdir()) == []


def test_views_stay_with_their_rows_when_rows_are_left_out(api, services, asked, predictor):
    head, *lines = catalogue(STARS).splitlines()
    lines.insert(1, ",2,500,0.2,30,5700,1.0,4.4,14.2,0,TIC 2,2457000")  # no period
    lines.insert(3, lines[2])  # the same row twice
    batch_id = posted(api, asked, "\n".join([head, *lines, ""]))
    runner_of(services).work()
    assert light_curve_of(api, batch_id) == ["yes", "", "yes", "yes", "yes", "yes", "no"]
    seen = zip(predictor.rows, predictor.views, strict=True)
    stars = [rows["star"][views["row"]] for rows, views in seen if views is not None]
    found = [views["evidence"] for views in predictor.views if views is not None]
    depths = np.concatenate(found)[:, EVIDENCE.index("depth")]
    expected = [signal(int(star.split()[-1])).depth for star in np.concatenate(stars)]
    np.testing.assert_allclose(depths, expected, rtol=0.1)


def test_rows_without_epoch_have_no_light_curve_and_are_counted(api, services, asked):
    batch_id = posted(api, asked, catalogue(STARS, without_epoch=[2, 3]))
    runner_of(services).work()
    facts = state(api, batch_id)["light_curves"]["facts"]
    assert (facts["rows_with_curve"], facts["rows_without_epoch"], facts["rows_used"]) == (4, 2, 2)
    assert light_curve_of(api, batch_id) == ["yes", "no", "no", "yes", "no"]


def test_a_file_without_stars_and_epochs_is_predicted_and_says_why_no_row_has_a_curve(
    api, services, asked, predictor
):
    content = f"{HEADER}\n3,2.5,500,0.2,30,5700,1,4.4,14.2,0,\n4,2.5,900,,,,,,,,\n"
    batch_id = posted(api, asked, content)
    runner_of(services).work()
    found = state(api, batch_id)
    assert (found["status"], found["counts"]["all"]) == ("completed", 2)
    facts = found["light_curves"]["facts"]
    assert (facts["rows_without_star"], facts["rows_with_curve"], facts["rows_used"]) == (2, 0, 0)
    assert light_curve_of(api, batch_id) == ["no", "no"]
    assert predictor.views == [None]


def test_a_batch_that_is_prepared_holds_up_no_batch_without_light_curves(
    api, key, services, asked, monkeypatch
):
    may_go_on = threading.Event()
    make = ViewMaker.make

    def make_when_told(*arguments, **named):
        assert may_go_on.wait(60)
        return make(*arguments, **named)

    monkeypatch.setattr(ViewMaker, "make", make_when_told)
    runner = runner_of(services)
    runner.start()
    try:
        slow = posted(api, asked)
        runner.notify()
        wait_for(lambda: state(api, slow)["status"], lambda status: status == "running")
        quick = posted(api, {"workspace_key": key})
        runner.notify()
        wait_for(lambda: state(api, quick)["status"], lambda status: status == "completed")
        assert state(api, slow)["status"] == "running"
        may_go_on.set()
        wait_for(lambda: state(api, slow)["status"], lambda status: status == "completed")
    finally:
        may_go_on.set()
        runner.close()


def test_each_queue_takes_its_own_batches_alone_also_after_a_restart(api, key, services, asked):
    with_curves, without = posted(api, asked), posted(api, {"workspace_key": key})
    for _ in range(2):  # the second time they are running, as a killed server leaves them
        taken = [queue._take()["id"] for queue in runner_of(services).queues]
        assert taken == [without, with_curves]
    with services.database.write() as connection:
        for batch_id in (with_curves, without):
            batches.end(connection, batch_id, "cancelled")
    posted(api, asked)
    assert runner_of(services).queues[0]._take() is None


def test_a_batch_without_a_set_says_nothing_of_light_curves(api, key, services, model_id):
    batch_id = post(api, {"workspace_key": key})["batch"]["id"]
    runner_of(services).work()
    assert state(api, batch_id)["light_curves"] is None
    assert light_curve_of(api, batch_id) == [""] * 5
    rows = api.get(f"{BATCHES}/{batch_id}/rows")["rows"]
    assert {each["light_curve"] for each in rows} == {None}


def test_a_model_that_reads_no_light_curves_is_refused_and_named(
    api, key, services, curve_set_id, predictor
):
    spec = {"source": "toi", "network": "transit_cnn"}
    model_id = complete(services, api.session(key), spec=spec)
    asked = {"workspace_key": key, "curve_set_id": curve_set_id}
    problem = problem_of(post(api, asked, expect=None))
    assert problem["status"] == 422
    [error] = problem["errors"]
    assert error["field"] == "curve_set_id"
    assert "light_curve_cnn" in error["message"]
    assert f"model {model_id}, of transit_cnn" in error["message"]


def test_a_set_of_another_workspace_is_404_as_one_that_is_not_there(
    api, services, asked, curve_set_id
):
    other = api.workspace("Other")
    theirs = curve_set_of(api, services, other, (1,))
    for unknown in (theirs, 999):
        problem = problem_of(post(api, asked | {"curve_set_id": unknown}, expect=None))
        assert problem["status"] == 404
        assert problem["detail"] == f"There is no curve set {unknown} in this workspace."


def test_a_set_whose_import_has_not_ended_is_409(api, key, asked):
    data = form(curves([1]), "1.csv", workspace_key=key)
    waiting = api.post(CURVES, 202, data=data)["curve_set"]["id"]
    problem = problem_of(post(api, asked | {"curve_set_id": waiting}, expect=None))
    assert problem["status"] == 409
    assert "has not ended" in problem["detail"]


def test_a_set_that_an_unfinished_batch_uses_is_not_deleted(api, services, asked, curve_set_id):
    batch_id = posted(api, asked)
    problem = problem_of(api.delete(f"{CURVES}/{curve_set_id}", None))
    assert problem["status"] == 409
    assert f"batches ({batch_id})" in problem["detail"]
    runner_of(services).work()
    before = result(api, batch_id)
    api.delete(f"{CURVES}/{curve_set_id}")
    assert result(api, batch_id) == before
    assert state(api, batch_id)["light_curves"]["name"] == "stars"


def test_a_repeated_request_is_the_same_batch_also_when_its_set_is_gone(
    api, services, asked, curve_set_id
):
    headers = {"Idempotency-Key": "k1"}
    first = post(api, asked, headers=headers)["batch"]["id"]
    runner_of(services).work()
    api.delete(f"{CURVES}/{curve_set_id}")
    assert post(api, asked, headers=headers)["batch"]["id"] == first
    without = {"workspace_key": asked["workspace_key"]}
    problem = problem_of(post(api, without, expect=None, headers=headers))
    assert problem["status"] == 422


@pytest.mark.parametrize("what", ["parts", "whole"])
def test_a_kill_while_it_prepares_costs_no_part_and_changes_no_byte(
    api, services, asked, monkeypatch, what
):
    whole = posted(api, asked)
    runner_of(services).work()
    killed = posted(api, asked)
    runner = runner_of(services)
    made, number = maker_of(runner).make, {"parts": 1, "whole": 0}[what]

    def dies(inputs, target, place_of, *others):
        made(inputs, target, place_of, *others)
        if number:
            target.unlink()
            place_of(number).unlink()
        raise Killed

    monkeypatch.setattr(maker_of(runner), "make", dies)
    with pytest.raises(Killed):
        runner.work()
    assert state(api, killed)["status"] == "running"
    left = views_files(services)
    assert f"batch-{killed}.0.views" in left
    remove_leftovers(services.database, services.storage)
    assert views_files(services) == left
    begun: list[int] = []
    again = runner_of(services)
    share = run._Run._share
    monkeypatch.setattr(
        run._Run, "_share", lambda self, parts: begun.append(len(parts)) or share(self, parts)
    )
    again.work()
    assert sum(begun) == number
    assert state(api, killed)["status"] == "completed"
    assert result(api, killed) == result(api, whole)
    assert views_files(services) == []


def test_a_kill_while_it_predicts_goes_on_with_the_same_views(
    api, services, asked, predictor, monkeypatch
):
    whole = posted(api, asked)
    runner_of(services).work()
    expected = [views for views in predictor.views if views is not None]
    killed = posted(api, asked)
    predictor.views.clear()
    answer = predictor.predict

    def dies(*arguments, **options):
        if predictor.views:
            raise Killed
        return answer(*arguments, **options)

    monkeypatch.setattr(predictor, "predict", dies)
    with pytest.raises(Killed):
        runner_of(services).work()
    assert state(api, killed)["rows_done"] == 3
    assert f"batch-{killed}.views" in views_files(services)
    remove_leftovers(services.database, services.storage)
    monkeypatch.undo()
    monkeypatch.setattr(records, "BATCH_RECORDS", 3)
    runner_of(services).work()
    assert result(api, killed) == result(api, whole)
    assert [views.tobytes() for views in predictor.views] == [v.tobytes() for v in expected]
    assert state(api, killed)["light_curves"]["rows_used"] == 4


def test_another_recipe_begins_again(api, services, asked, predictor, monkeypatch):
    killed = posted(api, asked)
    answer = predictor.predict

    def dies(*arguments, **options):
        if predictor.views:
            raise Killed
        return answer(*arguments, **options)

    monkeypatch.setattr(predictor, "predict", dies)
    with pytest.raises(Killed):
        runner_of(services).work()
    monkeypatch.setattr(predictor, "predict", answer)
    predictor.calls.clear()
    monkeypatch.setattr(light_curves, "RECIPE", RECIPE + 1)
    runner_of(services).work()
    found = state(api, killed)
    assert (found["status"], found["light_curves"]["recipe"]) == ("completed", RECIPE + 1)
    assert sum(call[2] for call in predictor.calls) == 5


def test_a_kill_while_it_begins_again_does_not_mix_recipes(
    api, services, asked, predictor, monkeypatch
):
    killed = posted(api, asked)
    answer = predictor.predict

    def dies(*arguments, **options):
        if predictor.views:
            raise Killed
        return answer(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(predictor, "predict", dies)
        with pytest.raises(Killed):
            runner_of(services).work()
    assert state(api, killed)["rows_done"] == 3
    monkeypatch.setattr(light_curves, "RECIPE", RECIPE + 1)
    make = ViewMaker.make

    def prepares_and_dies(*arguments, **options):
        make(*arguments, **options)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ViewMaker, "make", prepares_and_dies)
        with pytest.raises(Killed):
            runner_of(services).work()
    assert state(api, killed)["rows_done"] == 0
    predictor.calls.clear()
    runner_of(services).work()
    found = state(api, killed)
    assert (found["status"], found["light_curves"]["recipe"]) == ("completed", RECIPE + 1)
    assert sum(call[2] for call in predictor.calls) == 5


def test_a_cancel_while_it_prepares_leaves_nothing(api, services, asked, monkeypatch):
    batch_id = posted(api, asked)
    seen: list[dict[str, Any]] = []
    runner = runner_of(services)
    made = maker_of(runner).make

    def cancelled(inputs, target, place_of, progress, check):
        def told(done, rows):
            progress(done, rows)
            seen.append(state(api, batch_id)["light_curves"])
            if done:
                api.post(f"{BATCHES}/{batch_id}/cancel")

        return made(inputs, target, place_of, told, check)

    monkeypatch.setattr(maker_of(runner), "make", cancelled)
    runner.work()
    assert state(api, batch_id)["status"] == "cancelled"
    assert (seen[0]["rows_done"], seen[0]["rows"]) == (0, 4)
    assert 0 < seen[-1]["progress"] <= 1
    assert [path.name for path in services.storage.uploads.glob("*/*batch-*")] == []
    assert list(services.storage.incoming.iterdir()) == []


def test_views_count_in_the_quota_and_what_is_over_it_fails_in_words(api, services, asked):
    batch_id = posted(api, asked)
    runner = runner_of(services)
    made = maker_of(runner).make
    sizes: list[int] = []

    def full(inputs, target, place_of, progress, check):
        def told(done, rows):
            progress(done, rows)
            sizes.append(state(api, batch_id)["stored_bytes"])
            services.settings = replace(services.settings, quota_mb=0)

        return made(inputs, target, place_of, told, check)

    maker_of(runner).make = full
    before = state(api, batch_id)["stored_bytes"]
    runner.work()
    found = state(api, batch_id)
    assert sizes[0] == before + 2 * 4 * VIEW_ROW_DTYPE.itemsize
    assert (found["status"], found["error"]["reason"]) == ("failed", "no_space")
    assert (found["stored_bytes"], views_files(services)) == (0, [])


def test_a_set_whose_files_are_damaged_fails_in_words(api, services, asked, curve_set_id):
    batch_id = posted(api, asked)
    [pack] = curve_files.folder(services.storage, {"id": curve_set_id, "workspace_id": 1}).glob(
        "*.curves"
    )
    pack.unlink()
    runner_of(services).work()
    error = state(api, batch_id)["error"]
    assert error["reason"] == "light_curves"
    assert "missing" in error["message"]
    assert views_files(services) == []


def test_a_deleted_workspace_takes_its_views_along(api, key, services, asked, monkeypatch):
    batch_id = posted(api, asked)
    runner = runner_of(services)
    made = maker_of(runner).make

    def deleted(*arguments):
        api.delete(f"/api/workspaces/{key}")
        return made(*arguments)

    monkeypatch.setattr(maker_of(runner), "make", deleted)
    runner.work()
    assert views_files(services) == []
    assert not batch_views.files(services.storage, 1, batch_id)


def test_views_are_found_by_the_lines_of_their_rows():
    records_of = np.zeros(2, VIEW_ROW_DTYPE)
    records_of["row"] = [1, 3]
    views = RowViews(np.array([2, 4, 5, 9]), records_of)
    rows = np.zeros(2, ROW_DTYPE)
    rows["line"] = [4, 5]
    assert views.of(rows)["row"].tolist() == [0]
    rows["line"] = [5, 9]
    assert views.of(rows)["row"].tolist() == [1]
    assert len(views.of(rows[:0])) == 0
    rows["line"] = [5, 6]
    with pytest.raises(LookupError):
        views.of(rows)


def test_an_earlier_batch_has_no_light_curves(services, api, key, model_id):
    batch_id = post(api, {"workspace_key": key})["batch"]["id"]
    with services.database.read() as connection:
        found = batches.find(connection, batch_id)
    assert found is not None
    assert found["light_curves"] is None
    assert "curve_set_id" not in found["asked"]
