"""What must be true of a session that has ended, whatever failed on the way."""

from typing import Any

from backend.database import models
from backend.services.context import Services
from tests.api import Api
from tests.e2e.server import ENDED, wait_for
from tests.faults import workers
from tests.faults.state import names_in

SECONDS = 60


def ended(api: Api, session_id: int) -> dict[str, Any]:
    """The session when it has ended."""
    return wait_for(
        lambda: api.get(f"/api/training/session/{session_id}")["session"],
        lambda session: session["status"] in ENDED,
        SECONDS,
    )


def is_whole(api: Api, services: Services, session_id: int) -> None:
    """A session as if nothing had happened, with one model, and no other file beside its copy."""
    session = ended(api, session_id)
    assert session["status"] == "completed", session["error"]
    assert [each["epoch"] for each in session["history"]] == [1, 2]
    assert (session["epochs_completed"], session["progress"]) == (2, 1)
    evaluation = api.get(f"/api/training/session/{session_id}/evaluation")["evaluation"]
    assert evaluation["n_test"] == 1
    has_one_model(services, session_id)


def has_one_model(services: Services, session_id: int) -> None:
    """The session's model is current, and no other file lies beside it and its copy."""
    with services.database.read() as connection:
        model = models.of_session(connection, session_id)
    assert model is not None
    expected = {model["file"], f"{model['workspace_id']}/exoplanet_model.keras"}
    wait_for(lambda: names_in(services.storage.models), lambda found: found == expected, SECONDS)
    copy = services.storage.current_model(model["workspace_id"])
    assert copy.read_bytes() == workers.MODEL
