"""Each call on the way of prepared views fails once: nothing is half, and the next turn goes on."""

import numpy as np
import pytest

from backend.light_curves.preparing import __main__ as child
from backend.light_curves.preparing.division import MOST_ROWS
from backend.light_curves.preparing.facts import Facts
from backend.light_curves.preparing.parts import merge, read_part, write_part
from backend.light_curves.preparing.run import ViewMaker
from backend.services import job_thread
from backend.services.curves import preparing
from backend.services.curves.preparer import ViewPreparer
from backend.services.leftovers import remove_leftovers
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE
from tests.api import problem_of
from tests.faults.state import all_of
from tests.light_curves.preparing.made import many
from tests.services.curves.prepared import CURVES, curve_set_of, dataset_of
from tests.services.curves.test_preparer import as_earlier, ask, parts, state

STARS = (1, 2)


@pytest.fixture(autouse=True)
def impatient(short_pauses, monkeypatch):
    monkeypatch.setattr(job_thread, "_SHORTAGE_SECONDS", 0.001)
    monkeypatch.setattr(job_thread, "_RESTART_SECONDS", 0.001)
    monkeypatch.setattr(preparing, "_RECORD_SECONDS", 0.0)


@pytest.fixture
def dataset_id(api, key):
    return dataset_of(api, key, STARS)


@pytest.fixture
def curve_set_id(api, services, key):
    return curve_set_of(api, services, key, STARS)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("open", "*/journal"),
        ("write", "*/journal"),
        ("open", "*/.0.part.*.partial"),
        ("write", "*/.0.part.*.partial"),
        ("rename", "*/0.part"),
    ],
)
def test_a_child_that_cannot_write_leaves_no_part(faults, tmp_path, monkeypatch, call, what):
    inputs = many(tmp_path, stars=2)
    monkeypatch.setattr(child.limits, "more_time", lambda _seconds: None)
    job = {
        "table": str(inputs.table), "evidence": None, "folder": str(inputs.folder),
        "packs": inputs.packs, "key": "k", "most_rows": MOST_ROWS, "left_out": {},
        "parts": [(0, str(tmp_path / "0.part"))], "journal": str(tmp_path / "journal"),
        "memory_mb": 2000, "seconds": 60,
    }  # fmt: skip
    fault = faults.add(call, what, "ENOSPC")
    with pytest.raises(OSError, match="No space"):
        child.make_parts(job)
    assert fault.effects == 1
    assert not (tmp_path / "0.part").exists()
    assert not list(tmp_path.glob(".*.partial"))
    child.make_parts(job)
    assert (tmp_path / "0.part").exists()


@pytest.mark.parametrize(("call", "what"), [("open", "*/.v.npy.*"), ("rename", "*/v.npy")])
def test_parts_that_cannot_be_merged_stay(faults, tmp_path, call, what):
    write_part(tmp_path / "0.part", "k", [np.zeros(1, VIEW_ROW_DTYPE)[0]], Facts(1, 1, 1))
    fault = faults.add(call, what, "ENOSPC")
    with pytest.raises(OSError, match="No space"):
        merge(tmp_path / "v.npy", [(tmp_path / "0.part", "k")])
    assert fault.effects == 1
    assert {each.name for each in tmp_path.iterdir()} - {"faults"} == {"0.part"}
    assert len(read_part(tmp_path / "0.part", "k")[0]) == 1
    assert merge(tmp_path / "v.npy", [(tmp_path / "0.part", "k")]).rows_used == 1


@pytest.mark.parametrize(("call", "what"), [("mkdir", "*/views-*"), ("thread", "views*")])
def test_a_run_that_cannot_start_a_child_ends_and_the_same_again_goes_on(
    faults, tmp_path, call, what
):
    inputs = many(tmp_path, stars=2)
    maker = ViewMaker(2000, 60)
    fault = faults.add(call, what, "none" if call == "thread" else "ENOSPC")
    with pytest.raises((OSError, RuntimeError)):
        maker.make(inputs, tmp_path / "v.npy", lambda number: tmp_path / f"{number}.part")
    assert fault.effects == 1
    facts = maker.make(inputs, tmp_path / "v.npy", lambda number: tmp_path / f"{number}.part")
    assert facts.rows_used == 2


@pytest.mark.parametrize("first", [1, 2, 3, 4, 5])
def test_a_step_that_the_database_does_not_take_is_done_again(
    faults, api, services, curve_set_id, dataset_id, monkeypatch, first
):
    views_id = ask(api, curve_set_id, dataset_id)["id"]
    fault = faults.add("sql", "COMMIT", "disk I/O error", first=first)
    preparer = ViewPreparer(services)
    monkeypatch.setattr(preparer._news, "wait", lambda *_: preparer._closing.set())
    preparer._run()
    assert fault.effects == 1
    ViewPreparer(services).work()
    assert state(services, views_id)["status"] == "completed"
    assert parts(services) == []


def test_what_is_usual_in_earlier_views_is_stored_once_the_database_takes_it(
    faults, api, services, curve_set_id, dataset_id
):
    views_id = ask(api, curve_set_id, dataset_id)["id"]
    ViewPreparer(services).work()
    as_earlier(services, views_id)
    preparer = ViewPreparer(services)
    preparer.work = super(ViewPreparer, preparer).work
    preparer.work()  # it has recovered
    del preparer.work
    fault = faults.add("sql", "COMMIT", "disk I/O error")
    preparer.work()
    assert fault.effects == 1
    assert state(services, views_id)["facts"]["usual"]["planets"]["rows"] == 1


@pytest.mark.parametrize("what", ["ask", "delete"])
def test_what_cannot_be_changed_stays_as_it_was(
    faults, api, services, curve_set_id, dataset_id, what
):
    path = f"{CURVES}/{curve_set_id}/views"
    if what == "delete":
        ask(api, curve_set_id, dataset_id)
        ViewPreparer(services).work()
    before = all_of(services)
    fault = faults.add("sql", "COMMIT", "database is locked")
    if what == "delete":
        answer = api.delete(f"{path}?dataset_id={dataset_id}", None)
    else:
        answer = api.post(path, None, json={"dataset_id": dataset_id})
    assert fault.effects == 1
    assert answer.status_code == 503
    problem_of(answer)
    assert all_of(services) == before


def test_files_that_cannot_be_deleted_are_removed_by_the_next_start(
    faults, api, services, curve_set_id, dataset_id
):
    views_id = ask(api, curve_set_id, dataset_id)["id"]
    fault = faults.add("unlink", "*/views-*.part", "EIO")
    ViewPreparer(services).work()
    assert fault.effects == 1
    assert state(services, views_id)["status"] == "completed"
    assert parts(services)
    remove_leftovers(services.database, services.storage)
    assert parts(services) == []


def test_views_that_failed_and_cannot_be_deleted_are_removed_by_the_next_start(
    faults, api, services, curve_set_id, dataset_id, monkeypatch
):
    views_id = ask(api, curve_set_id, dataset_id)["id"]
    preparer = ViewPreparer(services)

    def fail(*_):
        raise ValueError

    monkeypatch.setattr(preparer, "_complete", fail)
    fault = faults.add("unlink", "*.views.npy", "EIO")
    preparer.work()
    assert fault.effects == 1
    assert state(services, views_id)["status"] == "failed"
    assert list(services.storage.uploads.glob("*/*.views.npy"))
    remove_leftovers(services.database, services.storage)
    assert not list(services.storage.uploads.glob("*/*.views.npy"))
