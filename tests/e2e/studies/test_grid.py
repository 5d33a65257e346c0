"""A grid on a real server: started on the page, read; killed in the middle, it goes on."""

import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.e2e.browser import home, visit
from tests.e2e.server import Client, Server, small_catalogue, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

_STUDIES = "/api/training/studies"

NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.mark.long
def test_a_grid_is_started_compared_and_filtered_on_the_page(
    browser: Browser, page_server: Server, tmp_path: Path
):
    people = Client(page_server)
    key = people.workspace("Compared")
    people.upload(key, small_catalogue(tmp_path))
    workspace = home(people, key)
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{workspace}/studies/new")
        visitor.heading("New study")
        page.get_by_label("Compare settings").check()
        cost = page.locator("[data-test=study-cost]")
        page.get_by_label("Epochs").fill("1")
        page.locator("[data-test=start]").click()  # the setting is the base still
        first = page.get_by_label("Setting 1, Learning rate")
        expect(first).to_be_focused()
        expect(page.locator("[data-test=grid-setting-0]")).to_contain_text("The same as the base")
        first.fill("0.5")
        page.get_by_role("button", name="Add a setting").click()
        page.get_by_label("Also vary").select_option("network")
        plain = "transit_cnn"
        page.get_by_label("Setting 2, Network").select_option(plain)
        page.get_by_label("Setting 2, Label (optional)").fill("without catalogue")
        expect(cost).to_contain_text("3 settings \u00d7 1 seed = 3 sessions")
        assert visitor.violations() == []
        page.locator("[data-test=start]").click()

        page.wait_for_url(re.compile(r"/studies/\d+$"))
        study_id = page.url.rpartition("/")[2]
        path = f"{_STUDIES}/{study_id}"
        wait_for(
            lambda: people.get(path)["study"]["status"], lambda status: status == "completed", 300
        )
        figures = page.locator("[data-test=grid-figures]")
        expect(page.locator("[data-test=grid-row-2]")).to_contain_text(re.compile("better|worse|≈"))
        expect(page.get_by_role("button", name="Stop")).to_have_count(0)
        study = people.get(path)["study"]
        assert (study["kind"], study["status"]) == ("grid", "completed")
        changes = [each["changes"] for each in study["differences"]]
        assert changes[0] == {"learning_rate": 0.5}
        assert changes[1]["network"] == plain
        mean = study["grid"]["settings"][1]["figures"]["log_loss"]["mean"]
        expect(page.locator("[data-test=grid-row-1]")).to_contain_text(f"{mean:.3f}")
        expect(page.locator("[data-test=grid-row-1]")).to_contain_text("Learning rate: 0.5")
        expect(page.locator("[data-test=grid-note]")).to_contain_text("optimistic")
        plot = page.locator("[data-test=grid-plot] svg")
        expect(plot).to_have_attribute(
            "aria-label", re.compile("without catalogue .*;|; without cat")
        )
        figures.get_by_label("Differences in").select_option("accuracy")
        expect(plot).to_have_attribute("aria-label", re.compile("%"))
        for absent in ("study-rows", "study-compare", "study-figures"):
            expect(page.locator(f"[data-test={absent}]")).to_have_count(0)
        assert visitor.violations() == []

        rows = page.locator("[data-test=study-sessions] tbody tr")
        expect(rows).to_have_count(3)
        page.locator("#grid-filter").select_option("without catalogue")
        page.wait_for_url(re.compile("setting=2"))
        expect(rows).to_have_count(1)
        page.set_viewport_size(NARROW)
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        assert visitor.violations() == []
        visitor.open(f"{workspace}/studies")
        expect(page.locator("[data-test=studies]")).to_contain_text("3 settings")


@pytest.mark.long
def test_a_killed_grid_goes_on_and_compares_on_the_same_rows(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    body = {
        **{"workspace_key": key, "dataset_id": dataset["id"], "kind": "grid", "epochs": 3},
        **{"batch_size": 32, "settings": [{"epochs": 1}], "seeds": 2},
    }
    path = f"{_STUDIES}/{client.post(_STUDIES, 202, json=body)['study']['id']}"
    wait_for(
        lambda: client.get(path)["study"]["sessions"][1]["epochs_completed"],
        lambda epochs: epochs >= 1,
        120,
    )
    server.stop(signal.SIGKILL)
    server.start()
    client = Client(server)
    study = wait_for(
        lambda: client.get(path)["study"],
        lambda study: (
            study["grid"] is not None
            and study["grid"]["is_complete"]
            and study["grid"]["intervals_state"] == "found"
        ),
        300,
    )
    assert (study["status"], study["counts"]["completed"]) == ("completed", 4)
    base, other = study["grid"]["settings"]
    for each in (base, other):
        tested = [part for part in study["sessions"] if part["setting"] == each["setting"]]
        mean = sum(part["figures"]["accuracy"] for part in tested) / 2
        assert each["figures"]["accuracy"]["mean"] == pytest.approx(mean)
    difference = other["differences"]["accuracy"]["difference"]
    figures = [each["figures"]["accuracy"]["mean"] for each in (base, other)]
    assert difference == pytest.approx(figures[1] - figures[0])
    client.call("DELETE", path, 200)
    client.call("GET", path, 404)
