"""Studies whose files cannot be deleted or for which there is no thread; a deletion cut off."""

import pytest

from tests.api import fail, predict_part, problem_of
from tests.faults.state import files_in


@pytest.fixture
def study(api, key, services):
    """A study of ten folds, one of which has failed."""
    found = api.study(key, api.dataset(key), folds=10)["study"]
    for part in found["sessions"][:-1]:
        predict_part(services, part, folds=10)
    fail(services, found["sessions"][-1]["id"])
    return found


def path_of(study):
    return f"/api/training/studies/{study['id']}"


def test_figures_without_a_thread_come_with_the_next_request(faults, api, study):
    fault = faults.add("thread", "study-figures", "none")
    assert api.get(path_of(study))["study"]["figures"] is None
    assert fault.effects == 1
    assert api.get(path_of(study))["study"]["figures"]["rows"] == 81


@pytest.mark.usefixtures("without_bin")
def test_a_study_whose_models_cannot_be_deleted_is_gone_all_the_same(faults, api, study, caplog):
    fault = faults.add("unlink", "*/model/1/*mine_*", "EIO")
    api.delete(path_of(study))
    assert fault.effects == 1
    assert "the deletion of study" in caplog.text
    api.get(path_of(study), 404)


@pytest.mark.parametrize("statement", ["DELETE FROM models*", "COMMIT"])
def test_a_deletion_that_fails_leaves_the_study_with_all_its_files(
    faults, api, services, study, statement
):
    before = files_in(services.storage.models)
    fault = faults.add("sql", statement, "database is locked")
    problem = problem_of(api.delete(path_of(study), None))
    assert (problem["status"], fault.effects) == (503, 1)
    assert files_in(services.storage.models) == before
    assert api.get(path_of(study))["study"]["figures"]["rows"] == 81
    faults.clear()
    api.delete(path_of(study))
    api.get(path_of(study), 404)


def test_epochs_that_cannot_be_taken_away_leave_the_study_as_it_is(faults, api, study):
    fault = faults.add("rename", "*kept.ckpt*", "EIO")
    before = api.get(path_of(study))["study"]["sessions"]
    assert api.post(f"{path_of(study)}/retry", None).status_code == 500
    assert fault.effects == 1
    assert api.get(path_of(study))["study"]["sessions"] == before
