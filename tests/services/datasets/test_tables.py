"""The rows of a dataset are made again where they are missing, from the uploaded file."""

from types import SimpleNamespace

import pytest

from backend.database import datasets, sessions
from backend.services.datasets import tables as dataset_tables
from tests.api import catalogue, problem_of

WITH_REJECTIONS = catalogue(90) + "x,2.5,500,0.2,30,5700,1.0,4.4,14.2,1,star-x\n"

CALLS = ("rows", "rejected", "curve?row=0")


@pytest.fixture
def dataset(api, key, services):
    """The row of an uploaded dataset with one rejected row."""
    dataset_id = api.upload(key, WITH_REJECTIONS)["dataset"]["id"]
    with services.database.read() as connection:
        return datasets.find(connection, dataset_id)


@pytest.fixture
def files(services, dataset):
    """Its catalogue, its table and its rejections: it has no evidence."""
    *files, evidence = services.storage.dataset_files(dataset)
    assert not evidence.exists()
    return files


@pytest.fixture
def rebuild(services, monkeypatch):
    """Rebuilds what is missing, all of it before it returns."""
    monkeypatch.setattr(dataset_tables, "threading", SimpleNamespace(Thread=Inline))
    return services.tables.rebuild_missing


class Inline:
    """A thread that runs when it is started."""

    def __init__(self, target, args, **_named):
        self.start = lambda: target(*args)


def shorten(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), shorten], ids=["gone", "short"])
@pytest.mark.parametrize("which", [[1], [1, 2]], ids=["the table", "both"])
def test_missing_files_are_made_again_byte_by_byte(rebuild, files, damage, which):
    before = [path.read_bytes() for path in files]
    for each in which:
        damage(files[each]) if each == 1 else files[each].unlink()
    rebuild()
    assert [path.read_bytes() for path in files] == before


def test_missing_rejections_alone_leave_the_table_as_it_is(rebuild, files):
    before, status = files[2].read_bytes(), files[1].stat()
    files[2].unlink()
    rebuild()
    assert files[2].read_bytes() == before
    assert files[1].stat().st_ino == status.st_ino


def test_whole_files_are_not_read(rebuild, monkeypatch, dataset):
    monkeypatch.setattr(dataset_tables, "derive", None)
    rebuild()


def exchange(catalogue_file):
    catalogue_file.write_text(catalogue(91))


@pytest.mark.usefixtures("without_bin")
@pytest.mark.parametrize(
    "damage", [lambda path: path.unlink(), exchange], ids=["without its file", "with another file"]
)
def test_rows_that_cannot_be_made_again_are_a_409_that_names_the_dataset(
    api, key, rebuild, files, dataset, damage, services, caplog
):
    damage(files[0])
    for path in files[1:]:
        path.unlink()
    rebuild()
    assert "cannot be read" in caplog.text
    for call in CALLS:
        problem = problem_of(api.get(f"/api/training/dataset/{dataset['id']}/{call}", None))
        assert problem["status"] == 409
        assert f"dataset {dataset['id']} ('catalogue.csv')" in problem["detail"]
    assert problem_of(api.start(key, dataset["id"], None))["status"] == 409
    assert not any(services.storage.incoming.iterdir())
    api.delete(f"/api/training/dataset/{dataset['id']}")
    again = api.upload(key, WITH_REJECTIONS)["dataset"]["id"]
    assert api.get(f"/api/training/dataset/{again}/rows")["count"] == 90


def test_a_damaged_table_that_cannot_be_made_again_is_not_read(api, rebuild, files, dataset):
    shorten(files[1])
    files[0].unlink()
    rebuild()
    problem = problem_of(api.get(f"/api/training/dataset/{dataset['id']}/rows", None))
    assert problem["status"] == 409


def test_other_rows_than_before_are_not_used(rebuild, services, files, dataset):
    """A later version may accept other rows: the sessions' test rows would be other ones."""
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE datasets SET num_samples = 89")
    files[1].unlink()
    rebuild()
    assert not files[1].exists()


def test_who_asks_meanwhile_is_told_to_wait(api, services, files, dataset, monkeypatch):
    monkeypatch.setattr(dataset_tables, "threading", SimpleNamespace(Thread=Later))
    files[1].unlink()
    services.tables.rebuild_missing()
    response = api.get(f"/api/training/dataset/{dataset['id']}/rows", None)
    assert problem_of(response)["status"] == 503
    assert response.headers["Retry-After"] == "5"
    Later.run()
    assert api.get(f"/api/training/dataset/{dataset['id']}/rows")["count"] == 90


class Later:
    """A thread that runs when the test wants it to."""

    run = None

    def __init__(self, target, args, **_named):
        self._work = lambda: target(*args)

    def start(self):
        Later.run = self._work


def test_what_an_unfinished_session_needs_is_made_before_anything_starts(
    api, key, services, files, dataset, monkeypatch
):
    session_id = api.start(key, dataset["id"])["session"]["id"]
    monkeypatch.setattr(dataset_tables, "threading", None)
    for status in ("pending", "training"):
        with services.database.write() as connection:
            sessions.change(connection, session_id, status=status)
        files[1].unlink()
        services.tables.rebuild_missing()
        assert files[1].exists()


@pytest.mark.usefixtures("without_bin")
def test_a_dataset_that_is_deleted_meanwhile_gets_no_files(
    api, rebuild, services, files, dataset, monkeypatch
):
    derive = dataset_tables.derive

    def delete_then_derive(*arguments):
        described = derive(*arguments)
        api.delete(f"/api/training/dataset/{dataset['id']}")
        return described

    monkeypatch.setattr(dataset_tables, "derive", delete_then_derive)
    files[1].unlink()
    rebuild()
    assert [path.exists() for path in files] == [False] * 3


def test_a_full_disk_is_said_and_holds_up_no_other_dataset(
    api, key, rebuild, services, files, dataset, monkeypatch, caplog
):
    api.upload(key, catalogue(120))
    derive, calls = dataset_tables.derive, []

    def fail_once(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        return derive(*arguments)

    monkeypatch.setattr(dataset_tables, "derive", fail_once)
    tables = list(services.storage.uploads.glob("*/*.npy"))
    for each in tables:
        each.unlink()
    rebuild()
    assert "No space left" in caplog.text
    assert [each.exists() for each in tables].count(True) == 1
