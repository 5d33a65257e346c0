"""What fails once on the way from the server's folder into a set is done again."""

from dataclasses import replace

import pytest

from backend.services import job_thread
from backend.services.curves.runner import CurveRunner
from backend.services.curves.server_folder import ServerFolder
from tests.faults.inside.stored.test_curve_sets import CURVES, completes, curve, refused
from tests.faults.state import all_of

FOLDER = f"{CURVES}/server-folder"


@pytest.fixture(autouse=True)
def impatient(short_pauses, monkeypatch):
    monkeypatch.setattr(job_thread, "_SHORTAGE_SECONDS", 0.001)


@pytest.fixture
def folder(services, tmp_path_factory):
    root = tmp_path_factory.mktemp("mirror")
    for star in (1, 2):
        (root / f"{star}.csv").write_text(curve(star))
    services.settings = replace(services.settings, light_curves_dir=root)
    services.server_folder = ServerFolder(services, root)
    assert services.server_folder.work()
    return services.server_folder


@pytest.mark.parametrize(
    ("call", "what", "error"),
    [
        ("open", "*/.curves-*.import.*.partial", "EMFILE"),
        ("rename", "*/curves-*.import", "EMFILE"),
        ("sql", "UPDATE curve_imports SET * files=?*", "database is locked"),
    ],
)
def test_files_that_could_not_be_chosen_are_chosen_again(
    faults, api, key, services, folder, call, what, error
):
    data = {"workspace_key": key, "server_folder": "true"}
    posted = api.post(CURVES, 202, data=data, content_type="multipart/form-data")
    fault = faults.add(call, what, error)
    CurveRunner(services).work()
    assert fault.effects == 1
    completes(api, services, posted["curve_set"]["id"])
    assert not list(services.storage.uploads.glob("*/*.import"))


def test_a_wish_that_cannot_be_recorded_is_none(faults, api, services, folder):
    before = all_of(services)
    faults.add("sql", "INSERT INTO audit*", "database is locked")
    refused(api.post(FOLDER, None), 503)
    assert all_of(services) == before
    assert api.get(FOLDER)["server_folder"]["state"] == "ready"
