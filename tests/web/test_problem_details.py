"""A full disk is a 507 that names the disk, however it is met."""

import errno
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from backend.database import workspaces
from backend.database.bin import entries
from backend.services.bin.emptying import empty
from backend.services.bin.room import keep_disk_free
from backend.storage import disk, incoming
from backend.storage.incoming import MEGABYTE
from tests.api import problem_of


def fail_with(monkeypatch, error):
    """Let the next request that makes a workspace fail."""

    def fail(*_arguments, **_named):
        raise error

    monkeypatch.setattr(workspaces, "create", fail)


def database_error(text):
    return OperationalError("INSERT", {}, sqlite3.OperationalError(text))


def make_workspace(api):
    return problem_of(api.post("/api/workspaces", None, json={"name": "w"}))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_each_way_to_be_full_is_507_and_names_the_disk(api, services, monkeypatch, code):
    fail_with(monkeypatch, OSError(code, "x"))
    problem = make_workspace(api)
    assert problem["status"] == 507
    assert f"disk {disk.mount_point(services.settings.data_dir)} (" in problem["detail"]


@pytest.fixture
def binned(api, key):
    """The size of what is in the bin, in bytes."""
    for rows in (90, 300):
        api.delete(f"/api/training/dataset/{api.dataset(key, rows)}")
    return sum(each["stored_bytes"] for each in in_bin(api, key))


def in_bin(api, key):
    return api.get("/api/bin", query_string={"workspace_key": key})["entries"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_takes_what_is_in_the_bin_and_says_so(
    api, key, services, monkeypatch, binned, code
):
    fail_with(monkeypatch, OSError(code, "x"))
    if code != errno.EDQUOT:  # what the system leaves to its user is not known
        refuse(monkeypatch, 1)
    detail = make_workspace(api)["detail"]
    if code == errno.EFBIG:  # of one file: more room would not help
        assert "Delete datasets or models, also from the bin" in detail
        assert len(in_bin(api, key)) == 2
        return
    assert f"{max(0.1, binned / MEGABYTE):,.1f} MB, were deleted for good" in detail
    assert in_bin(api, key) == []
    recorded = api.get("/api/audit?action=bin_evicted")["entries"]
    assert [each["user"] for each in recorded] == [None, None]
    empty(services)
    assert "also from the bin" in make_workspace(api)["detail"]  # nothing is left to give up


def test_a_disk_that_has_room_again_takes_nothing(api, key, monkeypatch, binned):
    fail_with(monkeypatch, OSError(errno.ENOSPC, "x"))
    assert "also from the bin" in make_workspace(api)["detail"]
    assert len(in_bin(api, key)) == 2


def refuse(monkeypatch, missing):
    """Let the disk have so many bytes less than an upload needs, which is not measured here."""
    usage = incoming.shutil.disk_usage("/")._replace(free=incoming.RESERVED_BYTES - missing)
    monkeypatch.setattr(incoming.shutil, "disk_usage", lambda _path: usage)


def test_an_upload_for_which_the_disk_has_no_room_takes_as_much_of_the_bin_as_it_needs(
    api, key, services, monkeypatch, binned
):
    refuse(monkeypatch, 1)
    problem = problem_of(api.upload(key, "x", None))
    assert problem["status"] == 507
    assert "MB of free disk space" in problem["detail"]
    oldest_is_smaller = in_bin(api, key)
    assert "deleted for good" in problem["detail"]
    assert len(oldest_is_smaller) == 1
    # What goes is not gone yet: a second upload does not take more.
    assert "deleted for good" in problem_of(api.upload(key, "x", None))["detail"]
    assert in_bin(api, key) == oldest_is_smaller


def test_a_bin_that_would_not_be_enough_gives_nothing_up(api, key, monkeypatch, binned):
    refuse(monkeypatch, binned + 1)
    problem = problem_of(api.upload(key, "x", None))
    assert "also from the bin" in problem["detail"]
    assert len(in_bin(api, key)) == 2


def test_the_reserve_is_kept_by_what_is_in_the_bin(api, key, services, monkeypatch, binned):
    keep_disk_free(services)
    assert len(in_bin(api, key)) == 2
    refuse(monkeypatch, 1)
    keep_disk_free(services)
    assert in_bin(api, key) == []


def test_a_bin_that_cannot_be_changed_on_a_full_disk_leaves_the_answer_as_it_was(
    api, key, services, monkeypatch, binned
):
    fail_with(monkeypatch, OSError(errno.EDQUOT, "x"))
    monkeypatch.setattr(entries, "give_up", lambda *_: broken())
    assert "also from the bin" in make_workspace(api)["detail"]
    assert len(in_bin(api, key)) == 2


def broken():
    raise database_error("database or disk is full")


def test_a_database_that_cannot_grow_is_507(api, monkeypatch):
    fail_with(monkeypatch, database_error("database or disk is full"))
    assert make_workspace(api)["status"] == 507


def test_a_database_that_has_reached_the_largest_size_is_507(api, monkeypatch):
    monkeypatch.setattr(disk, "why_full", lambda _file: OSError(errno.EFBIG, "x"))
    fail_with(monkeypatch, database_error("disk I/O error"))
    problem = make_workspace(api)
    assert problem["status"] == 507
    assert "largest size" in problem["detail"]


def test_a_disk_that_fails_is_not_called_full(api, monkeypatch):
    fail_with(monkeypatch, database_error("disk I/O error"))
    assert make_workspace(api)["status"] == 500
