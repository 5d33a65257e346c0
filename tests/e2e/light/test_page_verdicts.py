"""What the page says of models that are no better than guessing, or of simulated data.

The trainer is the light one: the verdict follows from the model's name.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.api import catalogue
from tests.e2e.browser import visit
from tests.e2e.server import Client, Server, small_catalogue
from tests.soak.light_jobs import WORSE_NAME

pytestmark = [pytest.mark.e2e]

CANDIDATE = "period=3.5&duration=3&depth=8000"


def trained(people: Client, key: str, path: Path, name: str) -> dict[str, Any]:
    dataset = people.upload(key, path)["id"]
    return people.complete(key, dataset, epochs=1, model_name=name)


@pytest.fixture(scope="module")
def work(people: Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A workspace whose only model is no better than guessing."""
    key = people.workspace("Verdicts")
    path = tmp_path_factory.mktemp("tables") / "observed.csv"
    path.write_text(catalogue(90))
    session = trained(people, key, path, WORSE_NAME)
    return {"key": key, "home": f"#/w/{session['workspace_id']}", "session": session}


def test_a_model_that_is_no_better_than_guessing_is_amber_everywhere_and_not_current(
    browser: Browser, light_server: Server, work: dict[str, Any]
):
    session, home = work["session"], work["home"]
    amber = ".badge.warning"
    with visit(browser, light_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        for address in (f"{home}/sessions", f"{home}/sessions/{session['id']}"):
            visitor.open(address)
            badge = page.locator(amber, has_text="Completed: no better than guessing")
            expect(badge).to_be_visible()
            expect(page.locator(".badge.completed")).to_have_count(0)
        note = page.locator("[data-test=verdict-note]")
        expect(note).to_contain_text("its log loss is 1.200; guessing by the class frequencies")
        points = page.locator("[data-test=metrics] canvas")
        expect(points).to_have_count(6)

        visitor.open(f"{home}/models")
        expect(page.locator("[data-test=current]")).to_contain_text("There is no current model")
        card = page.locator(f"[data-test=model-{session['model_id']}]")
        expect(card.locator(amber, has_text="No better than guessing")).to_be_visible()
        expect(card.get_by_role("link", name="observed.csv")).to_be_visible()
        visitor.open(f"{home}/models/{session['model_id']}")
        expect(page.locator("[data-test=verdict-note]")).to_be_visible()

        visitor.open(f"{home}/predict/batch")
        expect(page.get_by_text("There is no current model: choose one here")).to_be_visible()
        choices = page.get_by_label("Model", exact=True)
        expect(choices).to_contain_text("observed.csv · no better than guessing")


def test_predictions_of_a_model_of_simulated_data_say_so_above_them(
    browser: Browser, light_server: Server, people: Client, tmp_path: Path
):
    key = people.workspace("Simulated")
    session = trained(people, key, small_catalogue(tmp_path), "invented")
    home = f"#/w/{session['workspace_id']}"
    with visit(browser, light_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home}/predict?{CANDIDATE}")
        note = page.locator("[data-test=simulated-note]")
        expect(note).to_contain_text("trained on simulated data (")
        visitor.open(f"{home}/models")
        expect(page.locator(".badge.current")).to_have_count(0)
        expect(page.locator(".badge.warning", has_text="Simulated data").first).to_be_visible()


def test_a_prediction_of_another_survey_has_a_warning_in_place_of_what_the_threshold_promises(
    browser: Browser, light_server: Server, people: Client, tmp_path: Path
):
    names = ("period", "duration", "depth", "impact", "model_snr", "steff", "srad", "slogg")
    kepler = ",".join(["koi_" + name for name in names] + ["koi_kepmag,koi_disposition,kepid"])
    path = tmp_path / "koi.csv"
    path.write_text(catalogue(90, kepler))
    key = people.workspace("Surveys")
    session = trained(people, key, path, "kepler")
    home, model = f"#/w/{session['workspace_id']}", session["model_id"]
    table = tmp_path / "toi.csv"
    table.write_text("tid,pl_orbper,pl_trandurh,pl_trandep\n1,3.5,3,8000\n")
    with visit(browser, light_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        note = page.locator("[data-test=unlike-training]")
        promise = page.get_by_text("no threshold, so it never marks")
        visitor.open(f"{home}/predict?{CANDIDATE}&model={model}")
        expect(promise).to_be_visible()
        expect(note).to_have_count(0)
        visitor.open(f"{home}/predict?{CANDIDATE}&model={model}&source=toi")
        expect(note).to_contain_text("trained on Kepler (KOI); here the survey is TESS (TOI).")
        expect(promise).to_have_count(0)
        page.get_by_label("Survey").select_option(label="K2")
        expect(note).to_contain_text("here the survey is K2.")
        with open(table, "rb") as file:
            batch = people.post(
                "/api/predict/batches",
                202,
                data={"workspace_key": key, "model_id": model},
                files={"file": file},
            )["batch"]
        visitor.open(f"{home}/predict/batch/{batch['id']}")
        expect(page.locator("[data-test=batch-summary]")).to_be_visible()
        expect(note).to_contain_text("here the survey is TESS (TOI).")


def test_a_narrow_transit_is_drawn_as_it_is_and_in_steps(
    browser: Browser, light_server: Server, people: Client, tmp_path: Path
):
    key = people.workspace("Narrow")
    session = trained(people, key, small_catalogue(tmp_path), "narrow")
    address = f"#/w/{session['workspace_id']}/predict?model={session['model_id']}&depth=8000"
    with visit(browser, light_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{address}&period=400&duration=7.2")
        plot = page.get_by_role("img", name="The network sees this transit in 1.5 bins")
        expect(plot.locator("canvas")).to_be_visible()
        expect(page.locator(".curve .legend li")).to_have_count(2)
        visitor.open(f"{address}&period=3&duration=3")
        expect(page.locator(".curve .legend li")).to_have_count(1)


def test_a_prediction_shows_its_nearest_training_rows_which_lead_to_the_dataset(
    browser: Browser, light_server: Server, work: dict[str, Any]
):
    model, home = work["session"]["model_id"], work["home"]
    with visit(browser, light_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home}/predict?{CANDIDATE}&model={model}")
        nearest = page.locator("[data-test=nearest]")
        expect(nearest).to_contain_text("Sparse here")
        expect(nearest).to_contain_text("2 times the distance within which 99%")
        expect(nearest.get_by_role("listitem")).to_have_count(5)
        first = nearest.get_by_role("listitem").first
        expect(first).to_contain_text(
            re.compile(r"(Candidate|Confirmed|False positive) \S+ days, ")
        )
        expect(first).to_contain_text("distance 3.00")
        link = first.get_by_role("link")
        star = link.inner_text()
        assert star.startswith("star-")
        expect(first.locator(".class-mark")).to_be_visible()
        link.click()
        expect(page.locator("tr[aria-current]")).to_contain_text(star)


def test_one_epoch_is_drawn_as_a_dot(browser: Browser, light_server: Server, work: dict[str, Any]):
    with visit(browser, light_server) as visitor:
        visitor.sign_in()
        visitor.open(f"{work['home']}/sessions/{work['session']['id']}")
        expect(visitor.page.locator("[data-test=metrics] canvas").first).to_be_visible()
        visitor.page.wait_for_function(_HAS_COLOUR)


# Of all that is in the plot only a line or its dot has a colour that is no grey.
_HAS_COLOUR = """() => {
  const canvas = document.querySelector("[data-test=metrics] canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {
    const [r, g, b, alpha] = data.slice(at, at + 4);
    if (alpha > 200 && Math.max(r, g, b) - Math.min(r, g, b) > 90) found += 1;
  }
  return found > 30;
}"""
