"""Each call of a promotion fails once: row and copy of the current model stay one model."""

import pytest

from tests.api import complete, problem_of, services_current
from tests.faults.state import all_of

COPY = "*/model/1/.exoplanet_model.keras.*.partial"

CALLS = [
    pytest.param("open", COPY, id="open the copy"),
    pytest.param("write", COPY, id="write the copy"),
    pytest.param("fsync", COPY, id="sync the copy"),
    pytest.param("rename", "*/exoplanet_model.keras", id="put the copy in place"),
    pytest.param("sql", "UPDATE workspaces*", id="write the row"),
    pytest.param("sql", "COMMIT", id="commit the row"),
]


@pytest.fixture
def models(api, key, services):
    """The current model and another one."""
    return [complete(services, api.session(key)) for _ in range(2)]


@pytest.mark.parametrize(("call", "what"), CALLS)
@pytest.mark.parametrize(("effect", "status"), [("ENOSPC", 507), ("EIO", 500), ("EMFILE", 503)])
def test_a_promotion_that_fails_changes_neither_the_row_nor_the_copy(
    faults, api, services, models, call, what, effect, status
):
    other = models[1]
    if call == "sql":
        effect = {
            507: "database or disk is full",
            500: "disk I/O error",
            503: "database is locked",
        }[status]
    before = all_of(services)
    fault = faults.add(call, what, effect)
    answer = api.post(f"/api/models/{other}/promote", None)
    assert fault.effects == 1
    assert answer.status_code == status, answer.get_data(as_text=True)
    problem_of(answer)
    assert all_of(services) == before
    faults.clear()
    api.post(f"/api/models/{other}/promote")
    assert services_current(services, 1) == other
    copy = services.storage.current_model(1).read_bytes()
    path = services.settings.data_dir / api.get(f"/api/models/{other}")["model"]["path"]
    assert copy == path.read_bytes()
