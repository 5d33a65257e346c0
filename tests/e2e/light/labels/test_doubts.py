"""The doubtful labels of a study: ranked, looked at, and changed with the keyboard."""

import hashlib
import re
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from backend import create_app
from backend.config import Settings
from backend.database import datasets, models
from backend.services.context import Services
from backend.storage.dataset_table import open_rows
from backend.transit.neighbours import keep_neighbours
from backend.web.current import services_of
from backend.web.tokens import ensure_administrator
from tests.api import Api, predict_part
from tests.e2e.browser import home, press, tab_to, visit
from tests.e2e.server import TOKEN, Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROWS = 90

# What the networks say of rows 4 (CONFIRMED) and 8 (FALSE POSITIVE) is the contrary, surest of 8.
SAID = np.eye(3)[np.arange(ROWS) % 3] * 0.85 + 0.05
SAID[4], SAID[8] = [0.04, 0.01, 0.95], [0.05, 0.945, 0.005]


@pytest.fixture(scope="module")
def study_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose data folder has a study of three folds that was never trained."""
    folder = tmp_path_factory.mktemp("data")
    app = create_app(Settings(data_dir=folder, token=TOKEN))
    services = services_of(app)
    ensure_administrator(services.database, services.settings)
    plant_study(Api(app.test_client(), TOKEN), services)
    services.database.close()
    server = Server(folder)
    yield server
    server.stop()


def plant_study(api: Api, services: Services) -> None:
    """Each fold has a model with the training rows that are nearest to others."""
    key = api.workspace("Doubts")
    dataset_id = api.dataset(key, ROWS)
    with services.database.read() as connection:
        dataset = datasets.find(connection, dataset_id)
    assert dataset is not None
    table = open_rows(services.tables.table(dataset))
    study = api.study(key, dataset_id)["study"]
    for part in study["sessions"]:
        trained = np.flatnonzero(np.arange(ROWS) % 3 != part["fold"] - 1)
        kept = BytesIO()
        np.save(kept, keep_neighbours(table, trained, 0))
        beside = {"sha256": hashlib.sha256(kept.getvalue()).hexdigest(), "sparse_above": 1.0}
        model_id = predict_part(services, part, probabilities=SAID, neighbours=beside)
        with services.database.read() as connection:
            model = models.find(connection, model_id)
        assert model is not None
        services.storage.model_neighbours(model["file"]).write_bytes(kept.getvalue())


def test_the_surest_doubt_is_opened_with_its_evidence_and_its_label_changed_by_keyboard(
    browser: Browser, study_server: Server
):
    people = Client(study_server)
    (listed,) = people.get("/api/workspaces")["workspaces"]
    (study,) = people.get("/api/training/studies", params={"workspace_key": listed["key"]})[
        "studies"
    ]
    labels = f"/api/training/dataset/{study['dataset_id']}/labels"
    with visit(browser, study_server, viewport={"width": 1366, "height": 768}) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(people, listed['key'])}/studies/{study['id']}")
        section = page.locator("[data-test=study-doubts]")
        doubts = section.locator("[data-test=doubt]")
        expect(doubts).to_have_count(2)
        ranked = "Row 9, star star-8: labelled False positive, the networks say Confirmed"
        expect(doubts.nth(0).locator("summary")).to_contain_text(ranked)
        second = "Row 5, star star-4: labelled Confirmed"
        expect(doubts.nth(1).locator("summary")).to_contain_text(second)
        expect(section).to_contain_text("False positive: 1 of 30 labels doubtful")
        expect(section).to_contain_text("Candidates (30 rows) are left out")

        first = doubts.first
        nearest = first.locator("[data-test=nearest]")
        expect(nearest).to_be_hidden()
        press(page, first.locator("summary"))
        expect(nearest.get_by_role("listitem")).to_have_count(5)
        expect(nearest).to_contain_text("star-")
        expect(first.get_by_text("Radius of the transiting body")).to_be_visible()
        expect(first.locator("[data-test=relations]")).to_contain_text("no other candidate")
        assert visitor.violations() == []

        press(page, first.get_by_role("link", name="Row 9 in the dataset"))
        votes = page.locator("[data-test=row-votes]")
        expect(votes).to_contain_text("False positive: as in the file.")
        tab_to(page, page.get_by_role("region", name="Table of the rows"))
        page.keyboard.press("1")
        form = page.locator("[data-test=label-form]")
        expect(form.get_by_label("Reason")).to_be_focused()
        page.keyboard.type("the networks are right")
        page.keyboard.press("Enter")
        expect(votes).to_contain_text("Confirmed: decided by the owner. In the file: False pos")
        (said,) = people.get(labels)["rows"]
        assert (said["row"], said["label"]) == (8, "CONFIRMED")

        page.go_back()
        expect(doubts).to_have_count(2)
        section.get_by_label("Sort by").select_option("row")
        expect(doubts.first.locator("summary")).to_contain_text("Row 5, star star-4")
        section.get_by_label("Label in the table").select_option("CONFIRMED")
        expect(doubts).to_have_count(1)
        press(page, doubts.first.locator("summary"))
        press(page, doubts.first.get_by_role("link", name=re.compile("in the dataset")))
        expect(votes).to_be_visible()
        page.go_back()
        expect(doubts).to_have_count(1)
        expect(section.get_by_label("Sort by")).to_have_value("row")
