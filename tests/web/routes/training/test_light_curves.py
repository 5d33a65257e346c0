"""Sessions and studies that learn from light curves: which, when they can start, and when not."""

import io
import zipfile
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from backend.background.search.searches import Searches
from backend.background.session_starts import SessionStarts
from backend.database import sessions
from backend.database.curves import view_jobs
from backend.services.context import Services
from backend.services.curves.preparer import ViewPreparer
from backend.services.curves.runner import CurveRunner
from backend.storage import curve_files
from backend.transit.photometry.view_rows import RECIPE
from tests.api import HEADER, Api, form, problem_of
from tests.background.search.planted import finish
from tests.light_curves.preparing.made import signal
from tests.services.curves.prepared import CURVES, curve_set_of, curves

WITH_CURVE = (1, 2, 3)
STUDIES = "/api/training/studies"


@pytest.fixture
def dataset_id(api: Api, key: str) -> int:
    lines = [f"{HEADER},epoch"]
    for star in range(1, 91):
        own = signal(star)
        # No two stars share an eclipse.
        period = own.period if star in WITH_CURVE else 3 + 0.0731 * star
        numbers = f"{period},{own.duration},{own.depth},0.2,30,{5000 + star},1.0,4.4,14.2"
        lines.append(f"{numbers},{star % 3},TIC {star},{own.epoch + 0.31 * star:.6f}")
    content = "\n".join([*lines, ""])
    return int(api.upload(key, content)["dataset"]["id"])


@pytest.fixture
def curve_set_id(api: Api, services: Services, key: str) -> int:
    return curve_set_of(api, services, key, WITH_CURVE)


@pytest.fixture
def starts(services: Services) -> SessionStarts:
    return SessionStarts(services.settings, services.database, services.storage)


@pytest.fixture
def preparer(services: Services) -> Iterator[ViewPreparer]:
    preparer = ViewPreparer(services)
    yield preparer
    preparer.close()


def session_of(api: Api, session_id: int) -> dict[str, Any]:
    return dict(api.get(f"/api/training/session/{session_id}")["session"])


def test_a_session_waits_for_its_views_and_starts_when_they_are_made(
    api, key, dataset_id, curve_set_id, services, starts, preparer, bell
):
    session = api.start(key, dataset_id, curve_set_id=curve_set_id)["session"]
    spec = session["spec"]
    found = api.get(f"{CURVES}/{curve_set_id}")["curve_set"]
    assert spec["network"] == "light_curve_cnn"
    assert (spec["curve_set_id"], spec["curves_sha256"]) == (curve_set_id, found["sha256"])
    assert spec["curve_recipe"] == RECIPE
    assert session["waiting_for"] == "Its light curves are being prepared."
    other = api.start(key, dataset_id)["session"]["id"]
    assert starts.take().session_id == other  # which does not wait behind it
    assert starts.take() is None
    rings = bell.rings
    preparer.work()
    assert bell.rings > rings
    assert session_of(api, session["id"])["waiting_for"] is None
    job = starts.take()
    assert job.session_id == session["id"]
    place = job.workspace_id, job.spec.dataset_sha256
    views = job.spec.curves_sha256, job.spec.curve_recipe
    assert curve_files.views(services.storage, *place, *views).is_file()


def test_how_far_the_views_are_is_said_in_the_session(api, key, dataset_id, curve_set_id, services):
    session_id = api.start(key, dataset_id, curve_set_id=curve_set_id)["session"]["id"]
    before = api.get(f"/api/training/session/{session_id}", None).headers["ETag"]
    with services.database.write() as connection:
        (views,) = view_jobs.with_status(connection, "pending")
        view_jobs.change(connection, views["id"], status="running", rows=3_000, rows_done=1_200)
    said = "Its light curves are being prepared: 1,200 of 3,000 rows."
    assert session_of(api, session_id)["waiting_for"] == said
    after = api.get(f"/api/training/session/{session_id}", None).headers["ETag"]
    assert before != after


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"network": "light_curve_cnn"}, "", "curve_set_id: expected a set of light curves"),
        ({"network": "transit_cnn", "curve_set_id": 1}, "", "network that reads light curves"),
        ({"curve_set_id": 0}, "curve_set_id", "1"),
        ({"curve_set_id": "x"}, "curve_set_id", "whole number"),
    ],
)
def test_a_network_and_its_light_curves_belong_together(api, key, dataset_id, fields, field, words):
    for start in (api.start, api.study):
        problem = problem_of(start(key, dataset_id, None, **fields))
        assert problem["status"] == 422
        assert field in str(problem)
        assert words in str(problem)


def test_a_set_of_another_workspace_and_one_without_light_curves_are_refused(
    api, key, dataset_id, services
):
    elsewhere = curve_set_of(api, services, api.workspace("other"), WITH_CURVE)
    problem = problem_of(api.start(key, dataset_id, None, curve_set_id=elsewhere))
    assert (problem["status"], str(elsewhere) in problem["detail"]) == (404, True)
    assert problem_of(api.start(key, dataset_id, None, curve_set_id=999))["status"] == 404
    data = form(curves([1]).encode(), "1.csv", workspace_key=key)
    empty = api.post(CURVES, 202, data=data)["curve_set"]["id"]
    problem = problem_of(api.start(key, dataset_id, None, curve_set_id=empty))
    assert problem["status"] == 409
    assert "no light curves yet" in problem["detail"]
    assert api.get(f"/api/training/sessions?workspace_key={key}")["sessions"] == []


def test_the_same_request_again_keeps_the_version_that_it_had(
    api, key, dataset_id, curve_set_id, services
):
    headers = {"Idempotency-Key": "once"}
    first = api.start(key, dataset_id, curve_set_id=curve_set_id, headers=headers)["session"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("9.csv", curves([9]))
    data = form(packed.getvalue(), "more.zip")
    api.post(f"{CURVES}/{curve_set_id}/files", 202, data=data)
    CurveRunner(services).work()
    again = api.start(key, dataset_id, curve_set_id=curve_set_id, headers=headers)["session"]
    assert again["id"] == first["id"]
    newer = api.start(key, dataset_id, curve_set_id=curve_set_id)["session"]
    assert newer["spec"]["curves_sha256"] != first["spec"]["curves_sha256"]


def test_views_that_fail_fail_the_session_in_words_and_a_retry_makes_them_again(
    api, key, dataset_id, curve_set_id, services, starts, preparer
):
    session_id = api.start(key, dataset_id, curve_set_id=curve_set_id)["session"]["id"]
    with services.database.write() as connection:
        (views,) = view_jobs.with_status(connection, "pending")
        error = {"reason": "damaged", "message": "A pack is missing."}
        view_jobs.end(connection, views["id"], "failed", error)
    assert starts.take() is None
    session = session_of(api, session_id)
    assert (session["status"], session["error"]["reason"]) == ("failed", "data")
    assert "A pack is missing." in session["error"]["message"]
    retried = api.post(f"/api/training/session/{session_id}/retry", 202)["session"]
    assert retried["waiting_for"] is not None
    preparer.work()
    assert starts.take().session_id == retried["id"]


def test_views_without_a_file_are_made_again_at_a_retry(
    api, key, dataset_id, curve_set_id, services, starts, preparer
):
    session_id = api.start(key, dataset_id, curve_set_id=curve_set_id)["session"]["id"]
    preparer.work()
    with services.database.write() as connection:
        sessions.end(connection, session_id, "failed", {"reason": "data", "message": "gone"})
        (views,) = view_jobs.with_status(connection, "completed")
    curve_files.views_of(services.storage, views).unlink()
    retried = api.post(f"/api/training/session/{session_id}/retry", 202)["session"]["id"]
    assert starts.take() is None
    preparer.work()
    assert starts.take().session_id == retried


def test_a_retry_without_its_curve_set_is_refused_in_words(
    api, key, dataset_id, curve_set_id, services
):
    session_id = api.start(key, dataset_id, curve_set_id=curve_set_id)["session"]["id"]
    with services.database.write() as connection:
        sessions.end(connection, session_id, "failed", {"reason": "data", "message": "gone"})
    api.delete(f"{CURVES}/{curve_set_id}")
    problem = problem_of(api.post(f"/api/training/session/{session_id}/retry", None))
    assert problem["status"] == 409
    assert "was deleted" in problem["detail"]


def test_a_grid_compares_networks_with_and_without_light_curves(
    api, key, dataset_id, curve_set_id, starts, preparer
):
    settings = [{"network": "light_curve_cnn"}]
    fields = {"network": "transit_cnn_catalogue", "curve_set_id": curve_set_id}
    study = api.grid(key, dataset_id, settings, **fields)["study"]
    assert study["differences"] == [
        {"label": "network light_curve_cnn", "changes": {"network": "light_curve_cnn"}}
    ]
    first = starts.take()
    assert first.spec.network == "transit_cnn_catalogue"  # which needs no views
    starts.take()
    assert starts.take() is None
    preparer.work()
    assert starts.take().spec.network == "light_curve_cnn"


def test_a_grid_in_which_no_network_reads_light_curves_takes_none(
    api, key, dataset_id, curve_set_id
):
    body = {
        "workspace_key": key,
        "dataset_id": dataset_id,
        "kind": "grid",
        "network": "transit_cnn",
        "curve_set_id": curve_set_id,
        "settings": [{"epochs": 3}],
    }
    problem = problem_of(api.post(STUDIES, None, json=body))
    assert problem["status"] == 422
    assert "curve_set_id" in str(problem["errors"])
    body |= {"curve_set_id": None, "settings": [{"network": "light_curve_cnn"}]}
    problem = problem_of(api.post(STUDIES, None, json=body))
    assert "settings.0" in str(problem["errors"])


def test_all_sessions_of_a_study_of_folds_wait_for_the_same_views(
    api, key, dataset_id, curve_set_id, starts, preparer
):
    study = api.study(key, dataset_id, curve_set_id=curve_set_id)["study"]
    assert starts.take() is None
    preparer.work()
    taken = [starts.take().spec for _ in study["sessions"]]
    assert {spec.network for spec in taken} == {"light_curve_cnn"}
    assert len({spec.curves_sha256 for spec in taken}) == 1


@pytest.fixture
def searches(services: Services) -> Searches:
    return Searches(services.settings, services.database, lambda *_: True)


def between_two_trials(api: Api, services: Services, key: str, dataset_id: int, **fields) -> int:
    """The id of a search whose first trial has ended and whose second is not added yet."""
    space = {"learning_rate": {"low": 1e-4, "high": 1e-2}}
    study = api.search(key, dataset_id, space, **fields)["study"]
    finish(SimpleNamespace(database=services.database), study["sessions"][0]["id"], 0.5)
    return int(study["id"])


def test_what_a_search_needs_for_trials_to_come_is_not_deleted(
    api, key, dataset_id, curve_set_id, services, starts, preparer, searches
):
    study_id = between_two_trials(api, services, key, dataset_id, curve_set_id=curve_set_id)
    preparer.work()
    views = f"{CURVES}/{curve_set_id}/views?dataset_id={dataset_id}"
    for path in (views, f"{CURVES}/{curve_set_id}"):
        problem = problem_of(api.delete(path, None))
        assert problem["status"] == 409
        assert f"unfinished studies ({study_id})" in problem["detail"]
    searches.add_trials()
    second = starts.take()
    assert second.spec.curve_set_id == curve_set_id
    # The session that trains is named beside its study.
    detail = problem_of(api.delete(views, None))["detail"]
    assert f"unfinished sessions ({second.session_id}) and studies ({study_id}):" in detail


@pytest.mark.parametrize("end", ["stop", "cancel"])
def test_a_search_that_adds_no_more_trials_needs_nothing(
    api, key, dataset_id, curve_set_id, services, end
):
    study_id = between_two_trials(api, services, key, dataset_id, curve_set_id=curve_set_id)
    api.post(f"{STUDIES}/{study_id}/{end}")
    api.delete(f"{CURVES}/{curve_set_id}/views?dataset_id={dataset_id}")
    api.delete(f"{CURVES}/{curve_set_id}")
    problem = problem_of(api.post(f"{STUDIES}/{study_id}/retry", None))
    assert problem["status"] == 409
    assert f"Curve set {curve_set_id} was deleted" in problem["detail"]
    shown = api.get(f"{STUDIES}/{study_id}")["study"]
    assert shown["search"]["state"] != "open"


def test_a_search_without_light_curves_or_with_others_hinders_nobody(
    api, key, dataset_id, curve_set_id, services
):
    between_two_trials(api, services, key, dataset_id)
    other_id = curve_set_of(api, services, key, WITH_CURVE[:1])
    between_two_trials(api, services, key, dataset_id, curve_set_id=other_id)
    asked = {"dataset_id": dataset_id}
    api.post(f"{CURVES}/{curve_set_id}/views", 202, json=asked)
    api.delete(f"{CURVES}/{curve_set_id}/views?dataset_id={dataset_id}")
    api.delete(f"{CURVES}/{curve_set_id}")


def test_the_views_of_a_study_are_made_again_at_its_retry(
    api, key, dataset_id, curve_set_id, starts, preparer
):
    study = api.study(key, dataset_id, curve_set_id=curve_set_id)["study"]
    preparer.work()
    api.post(f"{STUDIES}/{study['id']}/cancel")
    api.delete(f"{CURVES}/{curve_set_id}/views?dataset_id={dataset_id}")
    api.post(f"{STUDIES}/{study['id']}/retry", 202)
    assert starts.take() is None
    preparer.work()
    assert starts.take().spec.curve_set_id == curve_set_id
