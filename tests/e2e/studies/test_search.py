"""A search on a real server: started on the page, read; killed in the middle, it goes on."""

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
def test_a_search_is_started_and_read_on_the_page(
    browser: Browser, page_server: Server, tmp_path: Path
):
    people = Client(page_server)
    key = people.workspace("Searched")
    people.upload(key, small_catalogue(tmp_path))
    workspace = home(people, key)
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{workspace}/studies/new")
        visitor.heading("New study")
        page.get_by_label("Search for good settings").check()
        page.get_by_label("Epochs").fill("1")
        page.get_by_label("Learning rate, from").fill("0.01")
        page.get_by_label("Learning rate, to").fill("0.1")
        page.locator("[data-test=start]").click()  # the first trial is not in the range
        expect(page.locator("[data-test=search-learning_rate]")).to_contain_text(
            "must include the starting value, 0.002"
        )
        page.get_by_label("Learning rate, from").fill("0.001")
        page.get_by_label("Ensemble size", exact=True).first.check()
        page.get_by_label("Ensemble size, to").fill("2")
        page.get_by_label("Trials", exact=True).fill("2")
        expect(page.locator("[data-test=study-cost]")).to_contain_text("at most 2 trials")
        assert visitor.violations() == []
        page.locator("[data-test=start]").click()

        page.wait_for_url(re.compile(r"/studies/\d+$"))
        study_id = page.url.rpartition("/")[2]
        best = page.locator("[data-test=search-best]")
        expect(best).to_contain_text("the requested number is reached")
        study = wait_for(
            lambda: people.get(f"{_STUDIES}/{study_id}")["study"],
            lambda study: study["status"] == "completed",
            120,
        )
        assert study["search"]["added"] == 2
        found = study["search"]["best"]
        expect(best).to_contain_text(f"validation log loss {found['value']:.4f}")
        expect(best).to_contain_text(f"{found['test']['log_loss']:.3f}")
        rows = page.locator("[data-test=search-trials] tbody tr")
        expect(rows).to_have_count(2)
        page.get_by_role("button", name="Validation log loss").click()
        expect(rows.first).to_contain_text(f"Trial {found['number']}")
        page.get_by_role("button", name="Validation log loss").click()
        expect(rows.last).to_contain_text(f"Trial {found['number']}")
        plot = page.locator("[data-test=search-plots] .parallel-plot svg")
        expect(plot).to_have_attribute("aria-label", re.compile(f"{found['value']:.4f}"))
        expect(plot.locator("polyline")).to_have_count(2)
        expect(page.locator("[data-test=search-plots] .plot")).to_have_count(2)
        for absent in ("study-rows", "study-compare", "study-sessions"):
            expect(page.locator(f"[data-test={absent}]")).to_have_count(0)
        assert visitor.violations() == []
        page.set_viewport_size(NARROW)
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        visitor.open(f"{workspace}/studies")
        expect(page.locator("[data-test=studies]")).to_contain_text("2 trials so far")


def test_a_killed_search_goes_on_with_the_same_trials(
    start_server: Callable[..., Server], tmp_path: Path
):
    """Killed in the second of three trials: it resumes, and each number comes once."""
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    body = {
        **{"workspace_key": key, "dataset_id": dataset["id"], "kind": "search", "epochs": 3},
        **{"batch_size": 32, "trials": 3, "space": {"learning_rate": {"low": 1e-4, "high": 1e-2}}},
    }
    path = f"{_STUDIES}/{client.post(_STUDIES, 202, json=body)['study']['id']}"

    def tried():
        return client.get(path)["study"]["search"]["tried"]

    wait_for(tried, lambda found: len(found) == 2 and found[1]["epochs_completed"] >= 1, 120)
    before = tried()
    server.stop(signal.SIGKILL)
    server.start()
    client = Client(server)
    study = wait_for(
        lambda: client.get(path)["study"], lambda study: study["status"] == "completed", 300
    )
    search = study["search"]
    assert (search["state"], search["added"]) == ("trials", 3)
    assert [each["number"] for each in search["tried"]] == [1, 2, 3]
    assert [each["status"] for each in search["tried"]] == ["completed"] * 3
    for earlier, now in zip(before, search["tried"], strict=False):
        assert (earlier["session_id"], earlier["settings"]) == (now["session_id"], now["settings"])
    values = [each["value"] for each in search["tried"]]
    assert search["best"]["value"] == min(values)
    assert search["best"]["test"]["rows"] > 0
    client.call("DELETE", path, 200)
    client.call("GET", path, 404)
