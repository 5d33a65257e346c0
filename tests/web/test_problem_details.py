"""A full disk is a 507 that names the disk, however it is met."""

import errno
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from backend.database import workspaces
from backend.storage import disk
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
