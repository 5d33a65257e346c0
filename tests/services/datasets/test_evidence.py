"""The evidence of a dataset: stored beside its rows, and read again of earlier datasets."""

from types import SimpleNamespace

import numpy as np
import pytest

from backend.database import datasets
from backend.errors import Conflict
from backend.services.datasets import tables as dataset_tables
from backend.storage.dataset_table import is_whole
from backend.transit.columns import EVIDENCE_DTYPE, ROW_DTYPE
from tests.api import catalogue
from tests.services.datasets.evidence import with_evidence
from tests.services.datasets.test_tables import Inline

CATALOGUE = with_evidence(90)


@pytest.fixture
def dataset(api, key):
    """The id of an uploaded dataset with evidence and a row that is left out."""
    return api.upload(key, CATALOGUE)["dataset"]["id"]


@pytest.fixture
def start(services, monkeypatch):
    """Looks after the datasets as a start does, all of it before it returns."""
    monkeypatch.setattr(dataset_tables, "threading", SimpleNamespace(Thread=Inline))
    return services.tables.rebuild_missing


def record_of(services, dataset):
    with services.database.read() as connection:
        return datasets.find(connection, dataset)


def evidence_file(services, dataset):
    record = record_of(services, dataset)
    return services.storage.evidence(record["workspace_id"], record["identity"])


def as_an_earlier_release(services, dataset):
    """What 0.4.0 would have stored of the same upload."""
    path = evidence_file(services, dataset)
    size = path.stat().st_size if path.exists() else 0
    path.unlink(missing_ok=True)
    with services.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE datasets SET profile = json_remove(profile, '$.evidence'), "
            f"stored_bytes = stored_bytes - {size} WHERE id = {dataset}"
        )
    return path


def rows_of(api, dataset):
    return api.get(f"/api/training/dataset/{dataset}/rows?limit=100")["rows"]


def test_an_upload_stores_the_evidence_of_its_accepted_rows_in_their_order(services, dataset):
    evidence = np.load(evidence_file(services, dataset))
    assert evidence.dtype == EVIDENCE_DTYPE
    assert evidence["name"].tolist() == [b"name %d" % i for i in range(90)]
    assert evidence["epoch"].tolist() == [2455000.5 + i for i in range(90)]


def test_it_counts_as_stored(api, key, services, dataset):
    record = record_of(services, dataset)
    files = services.storage.dataset_files(record)
    assert len(files) == 4
    assert record["stored_bytes"] == sum(path.stat().st_size for path in files)
    assert services.storage.dataset_bytes(record) == record["stored_bytes"]


def test_the_profile_names_its_columns(api, dataset):
    profile = api.get(f"/api/training/dataset/{dataset}")["dataset"]["profile"]
    assert profile["evidence"] == {
        "name": ["name"],
        "epoch": ["epoch"],
        "ra": ["ra"],
        "dec": ["dec"],
        "depth_err": ["depth_err1", "depth_err2"],
    }
    assert profile["unread"] == 0


def test_each_row_has_its_name_and_evidence(api, dataset):
    row = rows_of(api, dataset)[7]
    assert row["name"] == "name 7"
    assert row["evidence"] == {
        **dict.fromkeys(row["evidence"]),
        "epoch": 2455007.5,
        "ra": 290.0,
        "dec": -45.0,
        "depth_err": 12.0,
    }
    path = f"/api/training/dataset/{dataset}/rows?label=CONFIRMED&offset=2&limit=1"
    assert api.get(path)["rows"][0]["name"] == "name 7"


def test_a_table_without_evidence_has_no_file_and_null_in_its_rows(api, key, services):
    dataset = api.upload(key, catalogue())["dataset"]["id"]
    assert not evidence_file(services, dataset).exists()
    row = rows_of(api, dataset)[0]
    assert (row["name"], row["evidence"]) == (None, None)


@pytest.mark.usefixtures("without_bin")
def test_it_is_deleted_with_its_dataset(api, services, dataset):
    path = evidence_file(services, dataset)
    api.delete(f"/api/training/dataset/{dataset}")
    assert not path.exists()


@pytest.mark.parametrize("damage", ["gone", "short"])
def test_what_is_missing_is_read_again_at_a_start(api, services, dataset, start, damage):
    path = evidence_file(services, dataset)
    whole = path.read_bytes()
    path.unlink() if damage == "gone" else path.write_bytes(whole[:-1])
    assert {row["evidence"] for row in rows_of(api, dataset)} == {None}
    with pytest.raises(Conflict, match="missing on the server"):
        services.tables.evidence(record_of(services, dataset))
    table = services.storage.dataset_files(record_of(services, dataset))[1]
    inode = table.stat().st_ino
    start()
    assert path.read_bytes() == whole
    assert table.stat().st_ino == inode
    assert rows_of(api, dataset)[0]["name"] == "name 0"


def test_a_dataset_of_an_earlier_release_gets_it_by_reading_its_file_again(
    api, services, dataset, start
):
    before = record_of(services, dataset), rows_of(api, dataset)
    path = as_an_earlier_release(services, dataset)
    assert rows_of(api, dataset)[0]["evidence"] is None
    start()
    assert is_whole(path, 90)
    assert (record_of(services, dataset), rows_of(api, dataset)) == before
    assert not any(services.storage.incoming.iterdir())


def test_a_file_is_read_again_only_once(api, key, services, start, monkeypatch):
    dataset = api.upload(key, catalogue())["dataset"]["id"]
    as_an_earlier_release(services, dataset)
    start()
    assert record_of(services, dataset)["profile"]["evidence"] == {}
    monkeypatch.setattr(dataset_tables, "derive", None)
    start()


def test_other_rows_than_before_leave_a_dataset_without_it(api, services, dataset, start, caplog):
    path = as_an_earlier_release(services, dataset)
    table = services.storage.dataset_files(record_of(services, dataset))[1]
    rows = np.load(table)
    rows["depth"][3] += 1e-9
    np.save(table, rows)
    stored = table.read_bytes()
    start()
    assert "stays without epochs and uncertainties" in caplog.text
    assert not path.exists()
    assert table.read_bytes() == stored
    assert rows_of(api, dataset)[3]["evidence"] is None
    assert record_of(services, dataset)["profile"]["evidence"] == {}  # not read at every start


def test_unknown_numbers_are_equal_to_unknown_ones(services, api, key, start):
    text = CATALOGUE.replace(",0.2,", ",,")
    dataset = api.upload(key, text)["dataset"]["id"]
    path = as_an_earlier_release(services, dataset)
    table = services.storage.dataset_files(record_of(services, dataset))[1]
    assert np.isnan(np.load(table)["impact"]).all()
    start()
    assert is_whole(path, 90)


def test_a_dataset_whose_file_is_gone_is_looked_at_again_by_the_next_start(
    services, dataset, start, caplog
):
    path = as_an_earlier_release(services, dataset)
    catalogue_file = services.storage.dataset_files(record_of(services, dataset))[0]
    kept = catalogue_file.read_bytes()
    catalogue_file.unlink()
    start()
    assert "was not read for epochs and uncertainties" in caplog.text
    catalogue_file.write_bytes(kept)
    start()
    assert is_whole(path, 90)


def test_a_dataset_that_is_deleted_meanwhile_gets_no_file(
    api, services, dataset, start, monkeypatch, caplog
):
    path = as_an_earlier_release(services, dataset)
    derive = dataset_tables.derive

    def delete_then_derive(*arguments):
        described = derive(*arguments)
        table = services.storage.dataset_files(record_of(services, dataset))[1]
        rows = np.load(table)
        assert rows.dtype == ROW_DTYPE
        api.delete(f"/api/training/dataset/{dataset}")
        np.save(table, rows)  # as if it were still being read
        return described

    monkeypatch.setattr(dataset_tables, "derive", delete_then_derive)
    caplog.clear()
    start()
    assert not path.exists()
    assert caplog.text == ""


def test_what_cannot_be_recorded_of_one_dataset_ends_nothing_for_the_next(
    api, key, services, dataset, start, monkeypatch
):
    other = api.upload(key, with_evidence(91))["dataset"]["id"]
    paths = [as_an_earlier_release(services, each) for each in (dataset, other)]
    table = services.storage.dataset_files(record_of(services, dataset))[1]
    rows = np.load(table)
    rows["depth"][3] += 1e-9
    np.save(table, rows)
    record = services.tables._record_evidence

    def busy_once(found, *arguments):
        if found["id"] == dataset:
            raise RuntimeError("busy")
        record(found, *arguments)

    monkeypatch.setattr(services.tables, "_record_evidence", busy_once)
    start()
    assert [path.exists() for path in paths] == [False, True]
