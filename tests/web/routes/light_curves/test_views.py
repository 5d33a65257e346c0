"""/api/light-curves/<id>/views: asked for, shown, deleted; who needs them."""

from dataclasses import replace

import pytest

from backend.database.curves import view_jobs
from backend.database.schema import training_sessions
from backend.services.curves.preparer import ViewPreparer
from backend.services.curves.runner import CurveRunner
from backend.transit.photometry import evidence
from tests.api import Api, form, problem_of
from tests.services.curves.prepared import (
    CURVES,
    catalogue,
    curve_set_of,
    curves,
    dataset_of,
)

STARS = (1, 2)


@pytest.fixture
def dataset_id(api, key):
    return dataset_of(api, key, STARS)


@pytest.fixture
def path(api, services, key):
    return f"{CURVES}/{curve_set_of(api, services, key, STARS)}"


def ask(api, path, dataset_id, expect=202):
    return api.post(f"{path}/views", expect, json={"dataset_id": dataset_id})


def refused(answer, status):
    assert answer.status_code == status, answer.get_data(as_text=True)
    return problem_of(answer)["detail"]


def test_views_are_asked_for_once_and_shown_everywhere(api, services, path, dataset_id):
    of_rows = f"{path}/views?dataset_id={dataset_id}"
    assert "Nobody has asked" in refused(api.get(of_rows, None), 404)
    shown = f"{path}?dataset_id={dataset_id}"
    assert api.get(shown)["curve_set"]["match"]["views"] is None
    first = ask(api, path, dataset_id)["views"]
    assert (first["status"], first["progress"], first["facts"]) == ("pending", 0.0, None)
    assert ask(api, path, dataset_id)["views"] == first
    assert api.get(shown)["curve_set"]["match"]["views"] == first
    ViewPreparer(services).work()
    done = ask(api, path, dataset_id, 200)["views"]
    assert (done["id"], done["status"], done["progress"]) == (first["id"], "completed", 1.0)
    assert api.get(of_rows)["views"] == done
    listed = api.get(f"{path}/views")
    assert (listed["views"], listed["all"], listed["count"]) == (None, [done], 1)


def test_the_list_has_pages(api, key, path, dataset_id):
    other = api.upload(key, "period,duration,depth,label\n" + "3,2,100,1\n" * 20)["dataset"]["id"]
    ids = [ask(api, path, each)["views"]["id"] for each in (dataset_id, other)]
    first = api.get(f"{path}/views?limit=1")
    assert [each["id"] for each in first["all"]] == ids[1:]
    rest = api.get(f"{path}/views?limit=1&cursor={first['next_cursor']}")
    assert ([each["id"] for each in rest["all"]], rest["next_cursor"]) == (ids[:1], None)


def test_a_set_without_light_curves_is_refused_in_words(api, key, dataset_id):
    data = form("time,flux\n", workspace_key=key)
    empty = api.post(CURVES, 202, data=data)["curve_set"]["id"]
    answer = api.post(f"{CURVES}/{empty}/views", None, json={"dataset_id": dataset_id})
    assert "has no light curves yet" in refused(answer, 409)


def test_a_dataset_of_another_workspace_is_not_there(api, path):
    other = api.dataset(api.workspace("other"))
    assert "in this workspace" in refused(
        api.post(f"{path}/views", None, json={"dataset_id": other}), 404
    )


def test_deleted_views_are_gone_with_their_file(api, services, path, dataset_id):
    of_rows = f"{path}/views?dataset_id={dataset_id}"
    refused(api.delete(of_rows, None), 404)
    ask(api, path, dataset_id)
    ViewPreparer(services).work()
    assert list(services.storage.uploads.glob("*/*.views.npy"))
    api.delete(of_rows)
    assert not list(services.storage.uploads.glob("*/*.views.npy"))
    refused(api.get(of_rows, None), 404)


@pytest.mark.parametrize("status", ["pending", "training", "completed"])
@pytest.mark.parametrize("named", ["curve_set_id", "curves_sha256"])
def test_what_a_session_needs_is_not_deleted(api, services, key, path, status, named):
    dataset_id = api.dataset(key)
    views = ask(api, path, dataset_id)["views"]
    session_id = api.start(key, dataset_id)["session"]["id"]
    wanted = {"curve_set_id": views["curve_set_id"], "curves_sha256": views["curves_sha256"]}
    with services.database.write() as connection:
        own = training_sessions.c.id == session_id
        (spec,) = connection.execute(training_sessions.select().where(own)).mappings()
        changed = {**spec["spec"], named: wanted[named]}
        values = {"spec": changed, "status": status}
        connection.execute(training_sessions.update().where(own).values(**values))
    needed = {"curve set": path}
    if named == "curves_sha256":
        needed["views"] = f"{path}/views?dataset_id={dataset_id}"
    for each in reversed(needed.values()):
        if status == "completed":
            api.delete(each)
        else:
            assert f"unfinished sessions ({session_id})" in refused(api.delete(each, None), 409)


def test_a_row_shows_what_is_usual_once_the_views_are_prepared(
    api, services, path, dataset_id, monkeypatch
):
    monkeypatch.setattr(evidence, "LEAST_ROWS", 1)
    of_row = f"{path}/curve?dataset_id={dataset_id}&row=0"

    def shown():
        answer = api.get(of_row)
        return answer["views_status"], answer["usual"]

    assert shown() == (None, None)
    ask(api, path, dataset_id)
    assert shown() == ("pending", None)
    ViewPreparer(services).work()
    status, usual = shown()
    assert status == "completed"
    assert (usual["planets"]["rows"], usual["false_positives"]["rows"]) == (1, 0)
    own = api.get(f"{path}/curve?dataset_id={dataset_id}&row=1")["prepared"]["numbers"]
    for each in own:
        of_planets = usual["planets"]["numbers"][each["name"]]
        if each["value"] is None:
            assert of_planets is None
        else:
            assert of_planets["p10"] == of_planets["p90"] == of_planets["median"]
            assert of_planets["median"] == pytest.approx(each["value"], rel=1e-6)
    assert set(usual["false_positives"]["numbers"].values()) == {None}
    # The list of views stays short.
    assert "usual" not in api.get(f"{path}/views?dataset_id={dataset_id}")["views"]["facts"]


def test_a_new_version_of_the_set_has_nothing_usual_yet(api, services, path, dataset_id):
    ask(api, path, dataset_id)
    ViewPreparer(services).work()
    api.post(f"{path}/files", 202, data=form(curves([9]), "more.csv"))
    CurveRunner(services).work()
    answer = api.get(f"{path}/curve?dataset_id={dataset_id}&row=0")
    assert (answer["views_status"], answer["usual"]) == (None, None)


@pytest.mark.parametrize("what", ["list", "set", "match"])
def test_curve_sets_that_have_not_changed_are_304(api, services, key, path, dataset_id, what):
    matched = f"{path}?dataset_id={dataset_id}"
    asked = {"list": f"{CURVES}?workspace_key={key}", "set": path, "match": matched}[what]
    etag = api.get(asked, None).headers["ETag"]
    known = {"If-None-Match": etag}
    assert api.get(asked, None, headers=known).status_code == 304
    api.post(f"{path}/files", 202, data=form(curves([9]), "more.csv"))
    waiting = api.get(asked, None, headers=known)
    assert waiting.status_code == 200
    CurveRunner(services).work()
    read = api.get(asked, None, headers={"If-None-Match": waiting.headers["ETag"]})
    assert (read.status_code, read.headers["ETag"] != etag) == (200, True)


@pytest.fixture
def narrow(settings, make_client):
    """The API of a server on which two things of a kind may wait."""
    return Api(make_client(replace(settings, quota_pending=2)), settings.token)


def test_as_many_preparations_of_a_user_wait_as_sessions_may(narrow, key, path):
    ids = [narrow.upload(key, catalogue([number]))["dataset"]["id"] for number in range(1, 5)]
    waiting = [ask(narrow, path, each)["views"]["id"] for each in ids[:2]]
    answer = narrow.post(f"{path}/views", None, json={"dataset_id": ids[2]})
    detail = refused(answer, 429)
    assert f"preparations of light curves of one user, found 2 of yours: {waiting[0]}, " in detail
    assert "EXOTRAIN_QUOTA_PENDING" in detail
    assert ask(narrow, path, ids[0])["views"]["id"] == waiting[0]  # which waits already
    narrow.delete(f"{path}/views?dataset_id={ids[0]}")
    ask(narrow, path, ids[2])


def test_what_was_cancelled_takes_a_place_again(narrow, services, key, path, dataset_id):
    views_id = ask(narrow, path, dataset_id)["views"]["id"]
    with services.database.write() as connection:
        view_jobs.end(connection, views_id, "cancelled")
    for number in (1, 2):
        ask(narrow, path, narrow.upload(key, catalogue([number]))["dataset"]["id"])
    answer = narrow.post(f"{path}/views", None, json={"dataset_id": dataset_id})
    refused(answer, 429)


def test_what_a_session_waits_for_is_never_refused_and_counts_as_the_session_alone(
    narrow, key, path
):
    curve_set_id = int(path.rsplit("/", 1)[-1])
    ids = [narrow.dataset(key, rows) for rows in range(90, 95)]
    for each in ids[:2]:
        ask(narrow, path, each)
    narrow.start(key, ids[2], curve_set_id=curve_set_id)
    narrow.start(key, ids[0], curve_set_id=curve_set_id)  # whose views wait already
    ask(narrow, path, ids[3])
    refused(narrow.post(f"{path}/views", None, json={"dataset_id": ids[4]}), 429)
