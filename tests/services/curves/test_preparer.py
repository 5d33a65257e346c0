"""The thread that prepares views: kills, cancels, faults, quota, what is missing."""

from dataclasses import replace

import numpy as np
import pytest

from backend.database.curves import view_jobs
from backend.light_curves.preparing import run
from backend.light_curves.preparing.run import ViewMaker
from backend.services import job_thread
from backend.services.curves import preparer, preparing
from backend.services.curves.preparer import ViewPreparer
from backend.services.curves.runner import CurveRunner
from backend.services.leftovers import remove_leftovers
from backend.storage import curve_files
from backend.transit.photometry import evidence
from backend.transit.photometry.evidence import EVIDENCE, usual_numbers
from backend.transit.photometry.prepare import VIEWS
from backend.transit.photometry.view_rows import LOCAL_VIEWS, RECIPE
from tests.api import form
from tests.faults.state import files_in
from tests.light_curves.preparing.made import signal
from tests.services.curves.prepared import CURVES, curve_set_of, curves, dataset_of

STARS = (1, 2, 3)


class Killed(BaseException):
    """As if the process had ended."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(job_thread, "_SHORTAGE_SECONDS", 0.001)
    monkeypatch.setattr(run, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(preparing, "_RECORD_SECONDS", 0.0)


@pytest.fixture
def dataset_id(api, key):
    return dataset_of(api, key, STARS)


@pytest.fixture
def curve_set_id(api, services, key):
    return curve_set_of(api, services, key, STARS)


@pytest.fixture
def asked(api, curve_set_id, dataset_id):
    return ask(api, curve_set_id, dataset_id)


def ask(api, curve_set_id, dataset_id, expect=202):
    return api.post(f"{CURVES}/{curve_set_id}/views", expect, json={"dataset_id": dataset_id})[
        "views"
    ]


def state(services, views_id):
    with services.database.read() as connection:
        return view_jobs.find(connection, views_id)


def own(services):
    with services.database.read() as connection:
        [found] = view_jobs.with_status(connection, *view_jobs.UNFINISHED, *view_jobs.ENDED)
    return found


def parts(services):
    return sorted(each.name for each in services.storage.uploads.glob("*/*.part"))


def test_views_are_prepared_and_what_came_of_the_rows_is_said(services, asked):
    assert (asked["status"], asked["recipe"], asked["rows_done"]) == ("pending", RECIPE, 0)
    ViewPreparer(services).work()
    found = state(services, asked["id"])
    assert (found["status"], found["error"]) == ("completed", None)
    assert (found["rows"], found["rows_done"]) == (3, 3)
    path = curve_files.views_of(services.storage, found)
    assert found["stored_bytes"] == found["facts"]["bytes"] == path.stat().st_size
    rows = np.load(path)
    assert rows["row"].tolist() == [0, 1, 2]
    facts = {"rows": 4, "rows_with_curve": 3, "rows_used": 3, "stars": 3, "rows_damaged": 0}
    assert found["facts"].items() >= facts.items()
    depths = rows["evidence"][:, EVIDENCE.index("depth")]
    np.testing.assert_allclose(depths, [signal(star).depth for star in STARS], rtol=0.1)
    assert parts(services) == []


def test_the_views_of_a_row_are_those_that_the_row_shows(api, services, key, curve_set_id):
    dataset_id = dataset_of(api, key, STARS, without_epoch=[2])
    ask(api, curve_set_id, dataset_id)
    ViewPreparer(services).work()
    found = own(services)
    assert found["facts"]["rows_without_epoch"] == 1
    rows = np.load(curve_files.views_of(services.storage, found))
    assert rows["row"].tolist() == [0, 2]
    path = f"{CURVES}/{curve_set_id}/curve?dataset_id={dataset_id}"
    for record in rows:
        shown = api.get(f"{path}&row={record['row']}")["prepared"]
        flux = np.array([shown["views"][name]["flux"] for name in VIEWS[1:]])
        count = np.array([shown["views"][name]["count"] for name in LOCAL_VIEWS])
        whole = shown["views"]["global_view"]["flux"]
        np.testing.assert_allclose(record["global_view"], whole, atol=2e-7, rtol=0)
        known = np.isfinite(record["local_views"])
        assert np.array_equal(known, count > 0)
        np.testing.assert_allclose(record["local_views"][known], flux[known], atol=2e-7, rtol=0)
        numbers = [np.nan if n["value"] is None else n["value"] for n in shown["numbers"]]
        np.testing.assert_allclose(record["evidence"], np.array(numbers), rtol=1e-6)
        assert (record["points"], record["points_in_transit"]) == (
            shown["points"],
            shown["points_in_transit"],
        )


def as_earlier(services, views_id):
    """Make completed views as an earlier version left them."""
    facts = state(services, views_id)["facts"]
    del facts["usual"]
    with services.database.write() as connection:
        view_jobs.change(connection, views_id, facts=facts)


def usual_of_rows(services, found):
    """What is usual, from the numbers in the file: the second row is a planet, the third not."""
    rows = np.load(curve_files.views_of(services.storage, found))
    return usual_numbers(rows["evidence"], np.array([0, 1, 2]))


def test_what_is_usual_is_found_with_the_views(services, asked, monkeypatch):
    monkeypatch.setattr(evidence, "LEAST_ROWS", 1)
    ViewPreparer(services).work()
    found = state(services, asked["id"])
    assert found["facts"]["usual"] == usual_of_rows(services, found)
    depth = found["facts"]["usual"]["planets"]["numbers"]["depth"]
    assert depth["median"] == pytest.approx(signal(2).depth, rel=0.1)


@pytest.mark.parametrize(
    ("error", "is_known"), [(ValueError("odd"), False), (OSError(24, "many"), True)]
)
def test_views_are_not_lost_where_what_is_usual_cannot_be_found(
    services, asked, monkeypatch, error, is_known
):
    """A shortage passes and is waited for; anything else costs no view."""
    find, errors = preparer.usual_of_views, [error]

    def fails_once(*arguments):
        if errors:
            raise errors.pop()
        return find(*arguments)

    monkeypatch.setattr(preparer, "usual_of_views", fails_once)
    ViewPreparer(services).work()
    found = state(services, asked["id"])
    assert found["status"] == "completed"
    assert (found["facts"]["usual"] is not None) == is_known
    assert curve_files.views_of(services.storage, found).exists()


def test_what_is_usual_in_views_of_an_earlier_version_is_found_afterwards(
    services, asked, monkeypatch
):
    ViewPreparer(services).work()
    as_earlier(services, asked["id"])
    before = state(services, asked["id"])
    monkeypatch.setattr(evidence, "LEAST_ROWS", 1)
    ViewPreparer(services).work()
    found = state(services, asked["id"])
    assert found["facts"] == {**before["facts"], "usual": usual_of_rows(services, found)}
    assert (found["status"], found["completed_at"]) == ("completed", before["completed_at"])


def test_what_is_new_goes_before_views_of_an_earlier_version(services, asked):
    ViewPreparer(services).work()
    as_earlier(services, asked["id"])
    preparer = ViewPreparer(services)
    preparer.notify()
    preparer.work()
    assert "usual" not in state(services, asked["id"])["facts"]


@pytest.mark.parametrize("damage", ["other", "longer"])
def test_damaged_views_of_an_earlier_version_have_nothing_usual(services, asked, damage, caplog):
    ViewPreparer(services).work()
    as_earlier(services, asked["id"])
    path = curve_files.views_of(services.storage, state(services, asked["id"]))
    if damage == "other":
        path.write_bytes(b"x" * path.stat().st_size)
    else:
        rows = np.load(path)
        rows["row"][-1] = 10_000
        np.save(path, rows)
        with services.database.write() as connection:  # that it is another file is not seen
            size = path.stat().st_size
            view_jobs.change(connection, asked["id"], stored_bytes=size)
    ViewPreparer(services).work()
    assert state(services, asked["id"])["facts"]["usual"] is None
    assert "what is usual in them is not known" in caplog.text


def test_a_table_that_cannot_be_read_now_is_looked_at_later(services, asked):
    ViewPreparer(services).work()
    as_earlier(services, asked["id"])
    views = state(services, asked["id"])
    table = services.storage.table(views["workspace_id"], views["identity"])
    away = table.rename(table.with_suffix(".away"))
    ViewPreparer(services).work()
    assert "usual" not in state(services, asked["id"])["facts"]
    away.rename(table)
    ViewPreparer(services).work()
    assert state(services, asked["id"])["facts"]["usual"]["planets"]["rows"] == 1


def test_a_kill_on_the_way_costs_no_part_and_changes_no_byte(
    services, asked, curve_set_id, monkeypatch
):
    preparer = ViewPreparer(services)
    preparer._maker = ViewMaker(2000, 60, 1)
    made = preparer._maker.make

    def killed(inputs, target, place_of, *others):
        made(inputs, target, place_of)
        place_of(1).unlink(missing_ok=True)
        target.unlink()
        raise Killed

    monkeypatch.setattr(preparer._maker, "make", killed)
    with pytest.raises(Killed):
        preparer.work()
    left = parts(services)
    assert left
    remove_leftovers(services.database, services.storage)
    assert parts(services) == left
    resumed = ViewPreparer(services)
    resumed._maker = ViewMaker(2000, 60, 1)
    resumed.work()
    found = state(services, asked["id"])
    assert (found["status"], parts(services)) == ("completed", [])
    first = curve_files.views_of(services.storage, found).read_bytes()
    curve_files.views_of(services.storage, found).unlink()
    ViewPreparer(services).work()
    assert state(services, asked["id"])["status"] == "completed"
    assert curve_files.views_of(services.storage, found).read_bytes() == first


def test_a_server_that_is_restarted_again_and_again_gives_up(services, asked, monkeypatch):
    for _ in range(job_thread.MAX_RESTARTS + 1):
        preparer = ViewPreparer(services)
        monkeypatch.setattr(preparer._maker, "make", kill)
        try:
            preparer.work()
        except Killed:
            continue
    found = state(services, asked["id"])
    assert (found["status"], found["error"]["reason"]) == ("failed", "interrupted")


def kill(*_):
    raise Killed


def test_a_cancel_on_the_way_leaves_nothing(api, services, asked, curve_set_id, dataset_id):
    before = files_in(services.storage.uploads)
    preparer = ViewPreparer(services)
    cancelled = []

    def record(job, done, rows):
        if not cancelled:
            api.delete(f"{CURVES}/{curve_set_id}/views?dataset_id={dataset_id}")
            cancelled.append(done)

    preparer._record = record
    preparer.work()
    found = state(services, asked["id"])
    assert (found["status"], found["request"]) == ("cancelled", None)
    assert files_in(services.storage.uploads) == before
    assert ask(api, curve_set_id, dataset_id)["status"] == "pending"
    ViewPreparer(services).work()
    assert state(services, asked["id"])["status"] == "completed"


def test_what_is_over_the_quota_fails_in_words_and_leaves_nothing(services, asked):
    before = files_in(services.storage.uploads)
    services.settings = replace(services.settings, quota_mb=0)
    ViewPreparer(services).work()
    found = state(services, asked["id"])
    assert (found["status"], found["error"]["reason"]) == ("failed", "no_space")
    assert "EXOTRAIN_QUOTA_MB" in found["error"]["message"]
    assert files_in(services.storage.uploads) == before
    assert found["stored_bytes"] == 0


def test_views_count_in_the_quota(api, services, asked):
    before = api.get("/api/me")["usage"]["stored_bytes"]["used"]
    ViewPreparer(services).work()
    after = api.get("/api/me")["usage"]["stored_bytes"]["used"]
    assert after - before == state(services, asked["id"])["stored_bytes"]


def test_files_of_the_set_that_are_gone_are_said(services, asked, curve_set_id):
    for path in services.storage.uploads.glob(f"1/curves-{curve_set_id}/*.curves"):
        path.unlink()
    ViewPreparer(services).work()
    found = state(services, asked["id"])
    assert (found["status"], found["error"]["reason"]) == ("failed", "damaged")
    assert "light curves again" in found["error"]["message"]


def test_a_mistake_fails_in_words_and_asking_again_begins_again(
    api, services, asked, curve_set_id, dataset_id
):
    preparer = ViewPreparer(services)

    def fail(*_):
        raise ValueError

    preparer._maker.make = fail
    preparer.work()
    assert state(services, asked["id"])["error"]["reason"] == "crashed"
    again = ask(api, curve_set_id, dataset_id)
    assert (again["id"], again["status"], again["error"]) == (asked["id"], "pending", None)


def test_an_earlier_version_is_prepared_from_its_own_packs(
    api, services, asked, curve_set_id, dataset_id
):
    data = form(curves([10_000]), "more.csv")
    api.post(f"{CURVES}/{curve_set_id}/files", 202, data=data)
    CurveRunner(services).work()
    ViewPreparer(services).work()
    earlier = state(services, asked["id"])
    assert (earlier["status"], earlier["rows"]) == ("completed", 3)
    later = ask(api, curve_set_id, dataset_id)
    assert later["id"] != asked["id"]
    ViewPreparer(services).work()
    assert state(services, later["id"])["rows"] == 4


@pytest.mark.parametrize("what", ["dataset", "curve set"])
def test_views_go_with_what_they_are_of(api, services, asked, curve_set_id, dataset_id, what):
    ViewPreparer(services).work()
    path = curve_files.views_of(services.storage, state(services, asked["id"]))
    url = f"/api/training/dataset/{dataset_id}"
    api.delete(url if what == "dataset" else f"{CURVES}/{curve_set_id}")
    assert not path.exists()
    assert state(services, asked["id"]) is None
    [entry] = api.get("/api/bin?workspace_key=" + key_of(api))["entries"]
    api.post(f"/api/bin/{entry['id']}/restore")
    again = ask(api, curve_set_id, dataset_id)
    ViewPreparer(services).work()
    assert state(services, again["id"])["status"] == "completed"
    assert path.exists()


def key_of(api):
    return api.get("/api/workspaces")["workspaces"][0]["key"]


def test_what_is_deleted_while_it_is_prepared_leaves_nothing(
    api, services, asked, curve_set_id, dataset_id
):
    preparer = ViewPreparer(services)
    deleted = []

    def record(*_):
        if not deleted:
            api.delete(f"/api/training/dataset/{dataset_id}")
            deleted.append(1)

    preparer._record = record
    preparer.work()
    assert state(services, asked["id"]) is None
    assert parts(services) == []
    assert not list(services.storage.uploads.glob("*/*.views.npy"))


def test_a_workspace_that_is_deleted_ends_what_is_prepared_and_comes_back_with_its_views(
    api, services, asked, key
):
    ViewPreparer(services).work()
    path = curve_files.views_of(services.storage, state(services, asked["id"]))
    api.delete(f"/api/workspaces/{key}")
    assert path.exists()
    remove_leftovers(services.database, services.storage)
    assert path.exists()
    [entry] = api.get("/api/bin")["entries"]
    api.post(f"/api/bin/{entry['id']}/restore")
    assert state(services, asked["id"])["status"] == "completed"
    assert path.exists()


@pytest.mark.usefixtures("without_bin")
def test_a_workspace_that_is_deleted_for_good_takes_its_views(api, services, asked, key):
    ViewPreparer(services).work()
    api.delete(f"/api/workspaces/{key}")
    assert state(services, asked["id"]) is None
    assert not list(services.storage.uploads.glob("*/*.views.npy"))


def test_files_that_no_row_has_are_removed_at_the_next_start(services, asked):
    ViewPreparer(services).work()
    views = curve_files.views_of(services.storage, state(services, asked["id"]))
    stray = views.with_name(f"{'a' * 64}.{'b' * 64}.1.views.npy")
    part = views.with_name("views-77.3.part")
    own_part = views.with_name(f"views-{asked['id']}.0.part")
    for path in (stray, part, own_part):
        path.write_bytes(b"x")
    remove_leftovers(services.database, services.storage)
    assert [each.exists() for each in (stray, part, own_part, views)] == [False] * 3 + [True]
