"""Each call of a catalogue's prediction fails once: the answer says why, and no file is left."""

import pytest

from tests.api import catalogue, complete, problem_of, use_depth_predictor
from tests.faults.state import files_in

INCOMING = "*/uploads/incoming/*"

CALLS = [
    pytest.param("open", INCOMING, 1, id="receive"),
    pytest.param("write", INCOMING, 1, id="write what was received"),
    pytest.param("open", INCOMING, 3, id="open the answer"),
    pytest.param("write", INCOMING, 2, id="write the answer"),
    pytest.param("open", INCOMING, 4, id="read the answer"),
]


@pytest.fixture
def model(api, key, services):
    use_depth_predictor(api.client)
    return complete(services, api.session(key))


def goes_on(api, key, services, before):
    answer = api.batch(key, catalogue(), None)
    assert answer.status_code == 200
    assert len(answer.get_data(as_text=True).splitlines()) == 91
    answer.close()
    assert files_in(services.storage.uploads) == before


@pytest.mark.parametrize(("call", "what", "first"), CALLS)
@pytest.mark.parametrize(("effect", "status"), [("ENOSPC", 507), ("EIO", 500), ("EMFILE", 503)])
def test_a_file_that_cannot_be_written_ends_the_prediction_and_leaves_nothing(
    faults, api, key, services, model, call, what, first, effect, status
):
    before = files_in(services.storage.uploads)
    fault = faults.add(call, what, effect, first=first)
    answer = api.batch(key, catalogue(), None)
    assert fault.effects == 1
    assert answer.status_code == status, answer.get_data(as_text=True)
    problem_of(answer)
    assert (status == 503) == ("Retry-After" in answer.headers)
    assert files_in(services.storage.uploads) == before
    goes_on(api, key, services, before)


def test_a_thread_that_cannot_be_started_is_a_503(faults, api, key, services, model):
    before = files_in(services.storage.uploads)
    fault = faults.add("thread", "batch_0", "none")
    answer = api.batch(key, catalogue(), None)
    assert fault.effects == 1
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    problem_of(answer)
    assert files_in(services.storage.uploads) == before
    goes_on(api, key, services, before)


@pytest.mark.parametrize(
    ("effect", "status"),
    [("database is locked", 503), ("database or disk is full", 507), ("disk I/O error", 500)],
)
def test_a_download_that_cannot_be_recorded_is_not_sent(
    faults, api, key, services, model, effect, status
):
    before = files_in(services.storage.uploads)
    fault = faults.add("sql", "INSERT INTO audit*", effect)
    answer = api.batch(key, catalogue(), None)
    assert fault.effects == 1
    assert answer.status_code == status
    problem_of(answer)
    assert files_in(services.storage.uploads) == before
    goes_on(api, key, services, before)
