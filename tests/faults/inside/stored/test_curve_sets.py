"""Each call on the way of light curves into a set fails once: nothing is lost, nothing half."""

import io

import numpy as np
import pytest

from backend.services import job_thread
from backend.services.curves.runner import CurveRunner
from backend.services.leftovers import remove_leftovers
from tests.api import problem_of
from tests.faults.state import all_of, files_in

CURVES = "/api/light-curves"
UPLOADS = f"{CURVES}/uploads"


@pytest.fixture(autouse=True)
def impatient(short_pauses, monkeypatch):
    monkeypatch.setattr(job_thread, "_SHORTAGE_SECONDS", 0.001)
    monkeypatch.setattr(job_thread, "_RESTART_SECONDS", 0.001)


def curve(star):
    """A light curve as text."""
    flux = 1 + 1e-3 * np.random.default_rng(star).normal(size=60)
    lines = [f"{2457000 + i / 50:.3f},{each:.6f},{star}" for i, each in enumerate(flux)]
    return "\n".join(["bjd,flux,star", *lines, ""])


def form(key=None, stars=(1, 2), **fields):
    files = [(io.BytesIO(curve(star).encode()), f"{star}.csv") for star in stars]
    named = {"file": files} if files else {}
    return {**({"workspace_key": key} if key else {}), **named, **fields}


def post(api, key, expect=202, **fields):
    data = form(key, **fields)
    return api.post(CURVES, expect, data=data, content_type="multipart/form-data")


def posted(api, key):
    return post(api, key)["curve_set"]["id"]


def state(api, curve_set_id):
    return api.get(f"{CURVES}/{curve_set_id}")["curve_set"]


def completes(api, services, curve_set_id, stars=2):
    CurveRunner(services).work()
    found = state(api, curve_set_id)
    assert (found["job"]["status"], found["stars"]) == ("completed", stars), found["job"]["error"]
    assert not list(services.storage.uploads.glob("*/*.import"))


def uploaded(api, key, name="3.csv", star=3):
    """A whole upload that came in one piece."""
    content = curve(star).encode()
    upload_id = begun(api, key, name, len(content))
    send(api, upload_id, content)
    return upload_id


def begun(api, key, name="3.csv", size=10):
    body = {"workspace_key": key, "name": name, "size": size}
    return api.post(UPLOADS, 201, json=body)["upload"]["id"]


def send(api, upload_id, content, expect=200, start=0, size=None):
    last, size = start + len(content) - 1, size or start + len(content)
    return api.put(
        f"{UPLOADS}/{upload_id}",
        expect,
        data=content,
        content_type="application/octet-stream",
        headers={"Content-Range": f"bytes {start}-{last}/{size}"},
    )


def refused(answer, status):
    assert answer.status_code == status, answer.get_data(as_text=True)
    problem_of(answer)


POSTING = [
    pytest.param("open", "*/uploads/incoming/*", 2, id="receive"),
    pytest.param("write", "*/uploads/incoming/*", 1, id="write what was received"),
    pytest.param("fsync", "*/uploads/incoming/*", 2, id="sync it"),
    pytest.param("rename", "*/curves-*.import", 1, id="put the first in its place"),
    pytest.param("rename", "*/curves-*.import", 2, id="put the second in its place"),
]


@pytest.mark.parametrize(("call", "what", "first"), POSTING)
@pytest.mark.parametrize(("effect", "status"), [("ENOSPC", 507), ("EIO", 500)])
def test_files_that_cannot_be_put_in_their_place_are_no_set_and_leave_nothing(
    faults, api, key, services, call, what, first, effect, status
):
    before = all_of(services)
    fault = faults.add(call, what, effect, first=first)
    answer = post(api, key, None)
    assert fault.effects == 1
    refused(answer, status)
    assert all_of(services) == before


def test_an_upload_in_pieces_that_cannot_be_taken_stays(faults, api, key, services):
    ids = [uploaded(api, key), uploaded(api, key, "4.csv", 4)]
    before = all_of(services)
    fault = faults.add("rename", "*/curves-*.import", "EIO", first=2)
    answer = post(api, key, None, stars=(), upload_ids=",".join(map(str, ids)))
    assert fault.effects == 1
    refused(answer, 500)
    assert all_of(services) == before
    found = post(api, key, stars=(), upload_ids=",".join(map(str, ids)))["curve_set"]["id"]
    completes(api, services, found)


@pytest.mark.parametrize("call", ["unlink", "rename"])
def test_what_cannot_be_taken_back_either_is_removed_by_the_next_start(
    faults, api, key, services, call
):
    kept = posted(api, key)
    ids = "" if call == "unlink" else f"{uploaded(api, key)},{uploaded(api, key, '4.csv', 4)}"
    before = files_in(services.storage.uploads)
    faults.add("rename", "*/curves-*.import", "EIO", first=2)
    what = "*/curves-*.import" if call == "unlink" else "*/curves-*.part"
    fault = faults.add(call, what, "EIO")
    stars = (1, 2) if call == "unlink" else ()
    refused(post(api, key, None, stars=stars, **({"upload_ids": ids} if ids else {})), 500)
    assert fault.effects == 1
    remove_leftovers(services.database, services.storage)
    assert files_in(services.storage.uploads).keys() <= before.keys()
    completes(api, services, kept)


ROWS = [
    ("BEGIN IMMEDIATE", "database is locked", 503),
    ("INSERT INTO curve_*", "database or disk is full", 507),
    ("COMMIT", "disk I/O error", 500),
]


@pytest.mark.parametrize(("statement", "effect", "status"), ROWS)
@pytest.mark.parametrize("what", ["set", "more files", "upload"])
def test_what_cannot_be_recorded_leaves_nothing(
    faults, api, key, services, what, statement, effect, status
):
    curve_set_id = posted(api, key)
    calls = {
        "set": lambda: post(api, key, None),
        "more files": lambda: api.post(
            f"{CURVES}/{curve_set_id}/files", None, data=form(stars=(5,))
        ),
        "upload": lambda: api.post(
            UPLOADS, None, json={"workspace_key": key, "name": "a", "size": 9}
        ),
    }
    before = all_of(services)
    fault = faults.add("sql", statement, effect)
    answer = calls[what]()
    assert fault.effects == 1
    refused(answer, status)
    assert all_of(services) == before


PIECES = [
    ("mkdir", "*/uploads/*", "EIO", 500),
    ("open", "*/curves-*.part", "ENOSPC", 507),
    ("write", "*/curves-*.part", "ENOSPC", 507),
    ("fsync", "*/curves-*.part", "EIO", 500),
    ("sql", "UPDATE curve_uploads*", "database is locked", 503),
]


@pytest.mark.parametrize(("call", "what", "effect", "status"), PIECES)
def test_a_piece_that_cannot_be_kept_does_not_count_and_is_sent_again(
    faults, api, key, services, call, what, effect, status
):
    upload_id = begun(api, key)
    fault = faults.add(call, what, effect)
    answer = send(api, upload_id, b"01234", None, size=10)
    assert fault.effects == 1
    refused(answer, status)
    assert api.get(f"{UPLOADS}/{upload_id}")["upload"]["received"] == 0
    send(api, upload_id, b"01234", size=10)
    send(api, upload_id, b"56789", start=5)
    (path,) = services.storage.uploads.glob("*/curves-*.part")
    assert path.read_bytes() == b"0123456789"


def test_an_upload_that_cannot_be_forgotten_stays(faults, api, key, services):
    upload_id = uploaded(api, key)
    before = all_of(services)
    faults.add("sql", "DELETE FROM curve_uploads*", "database is locked")
    refused(api.delete(f"{UPLOADS}/{upload_id}", None), 503)
    assert all_of(services) == before
    fault = faults.add("unlink", "*/curves-*.part", "EIO")
    api.delete(f"{UPLOADS}/{upload_id}")
    assert fault.effects == 1
    posted(api, key)  # now it is known that the files are of this database
    remove_leftovers(services.database, services.storage)
    assert not list(services.storage.uploads.glob("*/curves-*.part"))


@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_step_of_an_import_that_the_database_does_not_take_is_done_again(
    faults, api, key, services, monkeypatch, first
):
    curve_set_id = posted(api, key)
    runner = CurveRunner(services)
    monkeypatch.setattr("backend.services.curves.runner._RECORD_SECONDS", 0.0)
    fault = faults.add("sql", "COMMIT", "disk I/O error", first=first)
    monkeypatch.setattr(runner._news, "wait", lambda *_: runner._closing.set())
    runner._run()
    assert fault.effects == 1
    completes(api, services, curve_set_id)


def test_received_files_that_cannot_be_deleted_are_removed_by_the_next_start(
    faults, api, key, services
):
    curve_set_id = posted(api, key)
    fault = faults.add("unlink", "*.import", "EIO")
    CurveRunner(services).work()
    assert fault.effects == 1
    assert state(api, curve_set_id)["job"]["status"] == "completed"
    remove_leftovers(services.database, services.storage)
    assert not list(services.storage.uploads.glob("*/*.import"))
    assert len(list(services.storage.uploads.glob("*/curves-1/*"))) == 2


def test_a_version_that_was_not_recorded_is_forgotten_once_that_can_be_done(
    faults, api, key, services
):
    curve_set_id = posted(api, key)
    own = services.storage.uploads / "1" / f"curves-{curve_set_id}" / "1.json"
    own.parent.mkdir()
    own.write_text("{}")  # of a server that was killed before it had recorded it
    fault = faults.add("unlink", str(own), "EIO", times=2)
    CurveRunner(services).work()
    assert fault.effects == 2
    assert state(api, curve_set_id)["job"]["status"] == "failed"
    more = api.post(f"{CURVES}/{curve_set_id}/files", 202, data=form(stars=(7,)))
    completes(api, services, more["curve_set"]["id"], stars=1)


@pytest.mark.parametrize("what", ["cancel", "delete"])
def test_what_cannot_be_changed_stays_as_it_was(faults, api, key, services, what):
    curve_set_id = posted(api, key)
    if what == "delete":
        completes(api, services, curve_set_id)
    before = all_of(services)
    fault = faults.add("sql", "COMMIT", "database is locked")
    path = f"{CURVES}/{curve_set_id}"
    answer = api.delete(path, None) if what == "delete" else api.post(f"{path}/cancel", None)
    assert fault.effects == 1
    refused(answer, 503)
    assert all_of(services) == before


@pytest.mark.usefixtures("without_bin")
def test_a_folder_that_cannot_be_removed_stays_empty(faults, api, key, services):
    curve_set_id = posted(api, key)
    completes(api, services, curve_set_id)
    fault = faults.add("unlink", "*/curves-1", "EIO")
    api.delete(f"{CURVES}/{curve_set_id}")
    assert fault.effects <= 1
    assert not list(services.storage.uploads.glob("*/curves-1/*"))
    api.get(f"{CURVES}/{curve_set_id}", 404)
