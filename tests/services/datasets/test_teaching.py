"""Kinds and weights of a dataset: stored with its evidence, and not looked for in earlier ones."""

from types import SimpleNamespace

import numpy as np
import pytest

from backend.database import datasets
from backend.services.datasets import tables as dataset_tables
from backend.storage.dataset_table import is_whole, open_evidence
from backend.transit.catalog.evidence.teaching import IF_NO_WEIGHT
from backend.transit.columns import EVIDENCE_DTYPE, TEACHING, evidence_dtype
from backend.transit.relations import find_relations
from tests.api import catalogue
from tests.services.datasets.evidence import with_evidence
from tests.services.datasets.test_tables import Inline


def taught(content, *columns, cells):
    """A catalogue with further columns, whose cells come in turn."""
    head, *lines = content.splitlines()
    rows = [f"{line},{cells[i % len(cells)]}" for i, line in enumerate(lines)]
    return "\n".join([f"{head},{','.join(columns)}", *rows]) + "\n"


@pytest.fixture
def rebuild(services, monkeypatch):
    """Looks after the datasets as a start does, all of it before it returns."""
    monkeypatch.setattr(dataset_tables, "threading", SimpleNamespace(Thread=Inline))
    return services.tables.rebuild_missing


def record_of(services, dataset):
    with services.database.read() as connection:
        return datasets.find(connection, dataset)


def files_of(services, dataset):
    return services.storage.dataset_files(record_of(services, dataset))


def test_they_are_stored_beside_the_rows_and_named_among_the_columns(api, key, services):
    content = taught(catalogue(), "kind", "weight", cells=["EB,0.15", ",", "J,1"])
    dataset = api.upload(key, content)["dataset"]["id"]
    rows = open_evidence(files_of(services, dataset)[-1])
    assert rows.dtype == evidence_dtype(TEACHING)
    assert rows["kind"][:3].tolist() == [b"EB", b"", b"J"]
    np.testing.assert_array_equal(rows["weight"][:3], [0.15, np.nan, 1])
    profile = api.get(f"/api/training/dataset/{dataset}")["dataset"]["profile"]
    assert profile["evidence"] == {"kind": ["kind"], "weight": ["weight"]}
    assert profile["unread"] == 0
    assert api.get(f"/api/training/dataset/{dataset}/rows?limit=5")["rows"][0]["name"] is None


def test_a_wrong_weight_is_among_the_rejected_rows(api, key):
    content = taught(catalogue(), "weight", cells=["1", "0.5", "2"])
    dataset = api.upload(key, content)["dataset"]
    assert (dataset["num_samples"], dataset["num_rejected"]) == (60, 30)
    rejected = api.get(f"/api/training/dataset/{dataset['id']}/rejected")["rejected"][0]
    assert (rejected["line"], rejected["column"]) == (4, "weight")
    assert rejected["message"].startswith("weight: expected a number above 0 and up to 1")
    assert rejected["message"].endswith(f"received '2'{IF_NO_WEIGHT}")


def test_a_table_without_them_has_the_file_that_it_always_had(api, key, services):
    dataset = api.upload(key, with_evidence(90))["dataset"]["id"]
    assert np.load(files_of(services, dataset)[-1]).dtype == EVIDENCE_DTYPE
    assert open_evidence(files_of(services, dataset)[-1]).dtype == EVIDENCE_DTYPE


def test_a_file_of_other_fields_is_not_opened(tmp_path):
    path = tmp_path / "evidence.npy"
    for dtype in ([("weight", "<f4")], [*EVIDENCE_DTYPE.descr, ("mass", "<f8")]):
        np.save(path, np.zeros(3, dtype))
        with pytest.raises(ValueError, match=r"evidence\.npy holds rows of another kind"):
            open_evidence(path)


def as_release_0_5_0(services, dataset):
    """What it would have stored of a table whose `weight` it did not know."""
    path = files_of(services, dataset)[-1]
    rows = np.load(path)
    np.save(path, rows[list(EVIDENCE_DTYPE.names)].astype(EVIDENCE_DTYPE))
    with services.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE datasets SET profile = json_remove(profile, '$.evidence.weight') "
            f"WHERE id = {dataset}"
        )
    return path


def test_an_earlier_dataset_is_read_again_as_it_was_read(api, key, services, rebuild, monkeypatch):
    """Its column of that name may hold anything: no row of it is left out now."""
    content = taught(with_evidence(90), "weight", cells=["1"])
    dataset = api.upload(key, content)["dataset"]["id"]
    path = as_release_0_5_0(services, dataset)
    before = path.read_bytes()
    path.unlink()
    read_with = []
    derive = dataset_tables.derive
    monkeypatch.setattr(
        dataset_tables, "derive", lambda *given: read_with.append(given[-1]) or derive(*given)
    )
    rebuild()
    assert read_with == [[]]
    assert path.read_bytes() == before
    assert is_whole(path, 90)


def test_a_missing_file_with_weights_is_made_again_byte_by_byte(api, key, services, rebuild):
    content = taught(with_evidence(90), "weight", "kind", cells=["0.25,EB", ",V"])
    path = files_of(services, api.upload(key, content)["dataset"]["id"])[-1]
    before = path.read_bytes()
    path.unlink()
    rebuild()
    assert path.read_bytes() == before


def test_rows_are_related_as_if_their_table_did_not_have_the_columns(api, key, services):
    plain, more = with_evidence(90), taught(with_evidence(90), "weight", "kind", cells=["0.5,EB"])
    found = []
    for content in (plain, more):
        _, table, _, evidence = files_of(services, api.upload(key, content)["dataset"]["id"])
        found.append(find_relations(np.load(table), open_evidence(evidence)))
    np.testing.assert_array_equal(found[0].values, found[1].values)
    np.testing.assert_array_equal(found[0].match, found[1].match)
    assert np.isfinite(found[0].values).any()
