"""The server's folder: its index, and sets that are made of its files."""

import errno
import os
import threading
from dataclasses import replace

import pytest

from backend.backup.wanted import wanted_files
from backend.database.curves import imports
from backend.light_curves import ingest as ingest_module
from backend.light_curves import mirror
from backend.services import job_thread
from backend.services.curves import runner as runner_module
from backend.services.curves import server_folder as module
from backend.services.curves.runner import CurveRunner
from backend.services.curves.server_folder import ServerFolder
from backend.services.leftovers import remove_leftovers
from tests.api import form
from tests.faults.state import files_in
from tests.services.curves.prepared import CURVES, curves, dataset_of

FOLDER = f"{CURVES}/server-folder"

NOT_UTF8 = os.fsdecode(b"TIC 4 caf\xe9.csv")


class Killed(BaseException):
    """As if the process had ended."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(job_thread, "_SHORTAGE_SECONDS", 0.001)
    monkeypatch.setattr(runner_module, "_RECORD_SECONDS", 0.0)
    monkeypatch.setattr(runner_module, "_CHECK_SECONDS", 0.0)


@pytest.fixture
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirror")
    for star in (1, 2, 3):
        (folder / f"{star}.csv").write_text(curves([star]))
    (folder / "readme.txt").write_text("Hello")
    return folder


@pytest.fixture
def folder(services, root):
    services.settings = replace(services.settings, light_curves_dir=root)
    services.server_folder = ServerFolder(services, root)
    return services.server_folder


@pytest.fixture
def indexed(folder):
    assert folder.work()
    return folder


def post(api, key, expect=202, path=CURVES, **fields):
    named = {"workspace_key": key} if path == CURVES else {}
    data = {"server_folder": "true", **named, **{k: str(v) for k, v in fields.items()}}
    return api.post(path, expect, data=data, content_type="multipart/form-data")


def made(api, services, posted):
    """The set of an import once that has ended."""
    CurveRunner(services).work()
    return api.get(f"{CURVES}/{posted['curve_set']['id']}")["curve_set"]


def status(api):
    return api.get(FOLDER)["server_folder"]


def test_a_server_without_a_folder_says_so(api, key):
    assert status(api) is None
    assert "EXOTRAIN_LIGHT_CURVES_DIR" in post(api, key, 409)["detail"]
    assert "EXOTRAIN_LIGHT_CURVES_DIR" in api.post(FOLDER, 409)["detail"]


def test_what_is_in_the_folder_is_said(api, stranger, folder):
    before = status(api)
    assert (before["state"], before["files"], before["indexed_at"]) == ("indexing", 0, None)
    folder.work()
    found = status(stranger)
    assert (found["state"], found["why"]) == ("ready", None)
    assert (found["files"], found["stars"], found["unused"]) == (3, 3, 1)
    assert (found["new_files"], found["new_files_done"]) == (4, 4)
    [reason] = found["reasons"]
    assert (reason["files"], reason["names"]) == (1, ["readme.txt"])
    assert "no rows of numbers" in reason["message"]
    assert found["indexed_at"].endswith("Z")
    folder.work()
    assert (status(api)["files"], status(api)["new_files"]) == (3, 0)


def test_the_administrator_alone_has_it_indexed_again(api, stranger, indexed, root):
    (root / "4.csv").write_text(curves([4]))
    stranger.post(FOLDER, 403)
    assert api.post(FOLDER, 202)["server_folder"]["state"] == "indexing"
    indexed.work()
    assert (status(api)["stars"], status(api)["new_files"]) == (4, 2)  # the refused one too
    actions = [each["action"] for each in api.get("/api/audit")["entries"]]
    assert "server_folder_indexed" in actions


def test_a_set_is_made_of_all_files(api, services, key, indexed, root):
    before = {path: path.stat().st_mtime_ns for path in root.iterdir()}
    posted = post(api, key)
    assert posted["curve_set"]["name"] == "server folder"
    job = posted["curve_set"]["job"]
    assert (job["server_folder"], job["dataset_id"], job["files"]) == (True, None, [])
    assert (job["status"], job["progress"]) == ("pending", 0.0)
    found = made(api, services, posted)
    assert (found["stars"], found["number"]) == (3, 1)
    job = found["job"]
    assert (job["status"], job["taken"], job["refused"], job["progress"]) == ("completed", 3, 0, 1)
    assert job["bytes"] == job["bytes_done"] == status(api)["bytes"]
    assert {path: path.stat().st_mtime_ns for path in root.iterdir()} == before
    assert not list(services.storage.uploads.glob("*/*.import"))


def test_a_set_of_the_stars_of_a_dataset_has_no_others(api, services, key, indexed):
    dataset_id = dataset_of(api, key, (2, 3))
    found = made(api, services, post(api, key, dataset_id=dataset_id, name="mine"))
    assert (found["name"], found["stars"], found["job"]["taken"]) == ("mine", 2, 2)
    assert found["job"]["dataset_id"] == dataset_id
    match = api.get(f"{CURVES}/{found['id']}?dataset_id={dataset_id}")["curve_set"]["match"]
    assert (match["matched_stars"], match["unused_stars"]) == (2, 0)
    again = post(api, key, path=f"{CURVES}/{found['id']}/files")
    more = made(api, services, again)
    assert (more["stars"], more["number"]) == (3, 2)
    assert (more["job"]["taken"], more["job"]["repeated"]) == (1, 2)


def test_a_dataset_without_any_star_of_it_fails_in_words(api, services, key, indexed):
    dataset_id = dataset_of(api, key, (77,))
    found = made(api, services, post(api, key, dataset_id=dataset_id))
    assert (found["number"], found["job"]["status"]) == (0, "failed")
    assert "2 stars" in found["job"]["error"]["message"]


def test_what_goes_away_before_its_turn_fails_in_words(api, services, key, indexed, monkeypatch):
    dataset_id = dataset_of(api, key, (1,))
    posted = post(api, key, dataset_id=dataset_id)
    api.delete(f"/api/training/dataset/{dataset_id}")
    assert "was deleted" in made(api, services, posted)["job"]["error"]["message"]
    posted = post(api, key)
    services.settings = replace(services.settings, light_curves_dir=None)
    assert "no folder" in made(api, services, posted)["job"]["error"]["message"]


KEPLER_FILE = "kplr000000001-2009131105131_llc.csv"
TESS_FILE = "tess2018234235059-s0002-0000000000000001-0121-s_lc.csv"


@pytest.fixture
def of_two_missions(root):
    """Files of KIC 1 and of TIC 1, which are different stars."""
    (root / "1.csv").unlink()
    (root / KEPLER_FILE).write_text(curves([1]))
    (root / TESS_FILE).write_text("\n".join([*curves([1]).splitlines()[:-9], ""]))


def test_equal_numbers_of_two_missions_are_never_one_star(
    of_two_missions, api, services, key, indexed
):
    for fields in ({}, {"dataset_id": dataset_of(api, key, (1, 2))}):
        why = made(api, services, post(api, key, **fields))["job"]["error"]["message"]
        assert "different missions by the same numbers (1)" in why
    only_two = dataset_of(api, key, (2, 3))
    found = made(api, services, post(api, key, dataset_id=only_two, name="two"))
    assert (found["job"]["status"], found["stars"]) == ("completed", 2)


@pytest.mark.parametrize(
    ("source", "name"), [("koi", KEPLER_FILE), ("toi", TESS_FILE), ("k2", None)]
)
def test_the_stars_of_a_survey_have_the_files_of_its_mission(
    of_two_missions, api, services, key, indexed, source, name
):
    dataset_id = dataset_of(api, key, (1, 2))
    with services.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE datasets SET source = ? WHERE id = ?", (source, dataset_id)
        )
    posted = post(api, key, dataset_id=dataset_id)
    found = made(api, services, posted)
    files = [] if name is None else [name]
    assert found["job"]["taken"] == 1 + len(files)  # 2.csv says of no mission
    assert found["stars"] == 1 + len(files)


def test_files_chosen_in_another_folder_are_not_read(
    api, services, key, indexed, monkeypatch, tmp_path_factory
):
    posted = post(api, key)
    runner = CurveRunner(services)

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(runner_module, "ingest", killed)
        with pytest.raises(Killed):
            runner.work()
    other = tmp_path_factory.mktemp("other")
    (other / "1.csv").write_text(curves([1]))
    services.settings = replace(services.settings, light_curves_dir=other)
    assert "another one" in made(api, services, posted)["job"]["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"star": "TIC 5"}, "star"),
        ({"time_system": "BJD"}, "time_system"),
        ({"flux": "flux"}, "flux"),
        ({"upload_ids": "1"}, None),
    ],
)
def test_what_cannot_be_said_of_it_is_refused(api, key, indexed, fields, named):
    refused = post(api, key, 422 if named else 404, **fields)
    assert named is None or refused["errors"][0]["field"] == named


def test_files_beside_it_and_a_dataset_without_it_are_refused(api, key, indexed):
    data = form("time,flux\n1,2\n", "a.csv", workspace_key=key, server_folder="true")
    assert api.post(CURVES, 422, data=data)["errors"][0]["field"] == "file"
    data = form("time,flux\n1,2\n", "a.csv", workspace_key=key, dataset_id="1")
    assert api.post(CURVES, 422, data=data)["errors"][0]["field"] == "dataset_id"


def test_a_dataset_of_another_workspace_is_not_there(api, stranger, key, indexed):
    other = api.workspace("other")
    post(api, key, 404, dataset_id=dataset_of(api, other, (1,)))
    theirs = stranger.workspace("theirs")
    post(api, key, 404, dataset_id=dataset_of(stranger, theirs, (1,)))


def test_a_folder_that_was_never_looked_through_makes_no_set(api, key, folder, monkeypatch):
    assert "being listed" in post(api, key, 409)["detail"]
    monkeypatch.setattr(mirror, "_BATCH", 2)

    def stop(done, new):
        folder._closing.set()

    monkeypatch.setattr(folder, "_progress", stop)
    assert folder.work() is False
    assert "indexed yet" in post(api, key, 409)["detail"]


def test_the_same_key_makes_one_set(api, key, indexed):
    data = {"server_folder": "true", "workspace_key": key}
    options = {"content_type": "multipart/form-data", "headers": {"Idempotency-Key": "abc"}}
    first = api.post(CURVES, 202, data=dict(data), **options)["curve_set"]
    assert api.post(CURVES, 202, data=dict(data), **options)["curve_set"]["id"] == first["id"]


def test_a_file_that_goes_or_changes_meanwhile_is_refused_or_taken_as_it_is(
    api, services, key, indexed, root
):
    posted = post(api, key)
    (root / "1.csv").unlink()
    (root / "2.csv").write_text(curves([5]))
    found = made(api, services, posted)
    assert (found["stars"], found["job"]["taken"], found["job"]["refused"]) == (2, 2, 1)
    [refusal] = found["job"]["refusals"]
    assert (refusal["file"], "no longer there" in refusal["message"]) == ("1.csv", True)


def test_a_name_that_is_no_utf8_reaches_the_answer(api, services, key, folder, root):
    (root / NOT_UTF8).write_text(curves([4]))
    os.replace(root / "readme.txt", root / os.fsdecode(b"\xff.txt"))
    folder.work()
    assert status(api)["reasons"][0]["names"] == ["\\xff.txt"]
    posted = post(api, key)
    (root / NOT_UTF8).unlink()
    found = made(api, services, posted)
    assert found["job"]["refusals"][0]["file"] == "TIC 4 caf\\xe9.csv"


def test_a_kill_on_the_way_goes_on_with_the_same_files(
    api, services, key, indexed, root, monkeypatch
):
    monkeypatch.setattr(ingest_module, "_PACK_BYTES", 0)
    posted = post(api, key)
    runner = CurveRunner(services)
    record = runner._record

    def killed(job, progress, done):
        record(job, progress, done)
        if progress.files == 2:
            raise Killed

    monkeypatch.setattr(runner, "_record", killed)
    with pytest.raises(Killed):
        runner.work()
    (root / "9.csv").write_text(curves([9]))
    indexed.work()
    left = files_in(services.storage.uploads)
    remove_leftovers(services.database, services.storage)
    assert files_in(services.storage.uploads) == left
    found = made(api, services, posted)
    assert (found["stars"], found["job"]["taken"]) == (3, 3)


def test_a_backup_of_a_waiting_import_needs_no_list(api, services, key, indexed):
    posted = post(api, key)
    database = services.settings.data_dir / "exotrain.db"
    assert not [each for each in wanted_files(database, services.storage) if "import" in each.path]
    assert made(api, services, posted)["stars"] == 3


def test_a_cancel_on_the_way_leaves_nothing(api, services, key, indexed):
    before = files_in(services.storage.uploads)
    posted = post(api, key)
    runner = CurveRunner(services)
    record = runner._record

    def cancel(job, progress, done):
        record(job, progress, done)
        if progress.files == 1:
            api.post(f"{CURVES}/{posted['curve_set']['id']}/cancel")

    runner._record = cancel
    runner.work()
    found = api.get(f"{CURVES}/{posted['curve_set']['id']}")["curve_set"]
    assert (found["job"]["status"], found["number"]) == ("cancelled", 0)
    assert files_in(services.storage.uploads) == before


def test_more_than_the_quota_ends_on_the_way_and_leaves_nothing(
    api, services, key, indexed, monkeypatch
):
    before = files_in(services.storage.uploads)
    posted = post(api, key)
    used = api.get("/api/me")["usage"]["stored_bytes"]["used"]
    seen = []
    monkeypatch.setattr(ingest_module, "_PACK_BYTES", 0)
    runner = CurveRunner(services)
    record = runner._record

    def note(job, progress, done):
        record(job, progress, done)
        seen.append(api.get("/api/me")["usage"]["stored_bytes"]["used"] - used)
        services.settings = replace(services.settings, quota_mb=0)

    runner._record = note
    runner.work()
    found = api.get(f"{CURVES}/{posted['curve_set']['id']}")["curve_set"]
    assert seen == [pytest.approx(seen[0])]
    assert seen[0] > 0
    assert found["job"]["error"]["reason"] == "no_space"
    assert "EXOTRAIN_QUOTA_MB" in found["job"]["error"]["message"]
    assert files_in(services.storage.uploads) == before
    with services.database.read() as connection:
        assert imports.find(connection, found["job"]["id"])["stored_bytes"] == 0


def test_a_folder_that_is_gone_is_said_and_found_again(api, services, key, indexed, root, tmp_path):
    root.rename(tmp_path / "away")
    assert indexed.work() is False
    found = status(api)
    assert found["state"] == "failed"
    assert "No such file" in found["why"]
    assert (found["files"], found["stars"]) == (3, 3)
    root.mkdir()
    assert indexed.work() is False
    assert "mounted" in status(api)["why"]
    # What was indexed can be asked for; its files are refused one by one.
    failed = made(api, services, post(api, key))
    assert "no longer there" in failed["job"]["error"]["message"]
    root.rmdir()
    (tmp_path / "away").rename(root)
    assert indexed.work()
    assert (status(api)["state"], status(api)["why"], status(api)["new_files"]) == (
        "ready",
        None,
        0,
    )


def test_a_damaged_index_is_made_again(api, services, root, indexed):
    index = services.storage.curves_index
    index.write_bytes(index.read_bytes()[:40])
    again = services.server_folder = ServerFolder(services, root)
    assert again.work()
    assert (status(api)["files"], status(api)["new_files"]) == (3, 4)


def test_what_was_indexed_is_known_after_a_restart_before_all_is_looked_through(
    api, services, key, root, indexed, monkeypatch
):
    again = services.server_folder = ServerFolder(services, root)

    def refresh(*_, **__):
        assert (status(api)["state"], status(api)["files"]) == ("indexing", 3)
        post(api, key)
        raise ValueError("secret")

    monkeypatch.setattr(module, "refresh", refresh)
    assert again.work() is False
    assert status(api)["state"] == "failed"
    assert "secret" not in status(api)["why"]


def test_an_index_that_cannot_be_written_is_tried_again(api, folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/exotrain.curves.index")

    with monkeypatch.context() as patch:
        patch.setattr(mirror, "write_atomically", full)
        assert folder.work() is False
    assert "No space left" in status(api)["why"]
    assert "secret" not in status(api)["why"]
    assert folder.work()


def test_refused_files_are_opened_after_an_attempt_that_failed(api, folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder.work()
    api.post(FOLDER, 202)
    with monkeypatch.context() as patch:
        patch.setattr(mirror, "write_atomically", full)
        assert folder.work() is False
    assert folder.work()
    assert status(api)["new_files"] == 1  # the refused one


def test_the_thread_indexes_tries_again_and_ends_at_once(api, services, root, monkeypatch):
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.01)
    calls = []
    tried = threading.Event()
    held = threading.Event()

    def refresh(_root, _index, _reader, _progress, check, **_):
        calls.append(1)
        if len(calls) < 3:
            raise OSError(errno.EIO, "Input/output error")
        tried.set()
        while True:
            held.wait(0.01)
            check()

    monkeypatch.setattr(module, "refresh", refresh)
    folder = ServerFolder(services, root)
    folder.start()
    assert tried.wait(10)
    assert folder.status()["state"] == "indexing"
    folder.close()
    assert not folder._thread.is_alive()
