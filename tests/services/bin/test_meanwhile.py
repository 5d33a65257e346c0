"""A workspace that is deleted while a request for it is under way gets nothing more."""

import pytest

from backend.services.batch_jobs import posting
from backend.services.datasets import upload
from tests.api import catalogue, complete, form, problem_of
from tests.faults.state import files_in

DELETED = "The workspace was deleted; refresh and retry."


@pytest.fixture
def deleted_before(api, key, monkeypatch):
    """Lets the workspace be deleted just before a function of a module is called."""

    def before(module, name):
        call = getattr(module, name)

        def delete_first(*arguments, **named):
            monkeypatch.setattr(module, name, call)
            api.delete(f"/api/workspaces/{key}")
            return call(*arguments, **named)

        monkeypatch.setattr(module, name, delete_first)

    return before


def test_an_upload_is_refused_and_leaves_nothing(api, key, services, deleted_before):
    deleted_before(upload, "_record")
    problem = problem_of(api.upload(key, catalogue(90), None))
    assert (problem["status"], problem["detail"]) == (409, DELETED)
    assert files_in(services.storage.uploads) == {}
    assert count(services, "datasets") == 0


def test_a_batch_is_refused_and_leaves_nothing(api, key, services, deleted_before):
    complete(services, api.start(key, api.dataset(key))["session"]["id"])
    before = files_in(services.storage.uploads)
    deleted_before(posting, "sync")
    sent = form(catalogue(3), workspace_key=key)
    problem = problem_of(api.post("/api/predict/batches", None, data=sent))
    assert (problem["status"], problem["detail"]) == (409, DELETED)
    assert files_in(services.storage.uploads) == before
    assert count(services, "batches") == 0


def count(services, table):
    with services.database.read() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
