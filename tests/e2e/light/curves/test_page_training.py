"""The page trains on light curves: a set is chosen, matched, learnt from, and what it is worth."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.browser import Visitor, home, press, settle, visit
from tests.e2e.light.curves.tables import (
    MATCHED,
    ROWS,
    bring_curves,
    write_catalogue,
    write_curves,
)
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e]

PHONE = {"width": 360, "height": 740}
READER = "light_curve_cnn"
MINUS = "\N{MINUS SIGN}"
EVALUATION = re.compile(r"/api/training/session/\d+/evaluation$")


@pytest.fixture
def visitor(browser: Browser, light_server: Server) -> Iterator[Visitor]:
    with visit(browser, light_server) as found:
        found.sign_in()
        yield found


def chosen(page: Page) -> str | None:
    return page.locator("[name=network]:checked").get_attribute("value")


def part(rows: int, roc_auc: float | None) -> dict[str, Any]:
    """The figures of some test rows."""
    interval = None if roc_auc is None else [roc_auc - 0.02, roc_auc + 0.02]
    names = ("roc_auc", "average_precision", "recall_at_precision")
    settled = dict.fromkeys(names, roc_auc) | {"intervals": dict.fromkeys(names, interval)}
    settled |= {"confirmed": rows // 2, "false_positives": rows // 3}
    figures = {"accuracy": 0.8, "macro_f1": 0.7, "log_loss": 0.5}
    return {"rows": rows, "stars": rows, **figures, "settled": settled}


def paired(difference: float | None, low: float, high: float, verdict: str) -> dict[str, Any]:
    interval = None if difference is None else [low, high]
    return {"difference": difference, "interval": interval, "verdict": verdict}


def differences() -> dict[str, Any]:
    """What light curves change, of the figures that the page shows."""
    return {
        "accuracy": paired(0.05, -0.01, 0.11, "cannot_tell"),
        "recall_at_precision": paired(None, 0, 0, "cannot_tell"),
        "settled": {
            "roc_auc": paired(0.06, 0.031, 0.088, "better"),
            "average_precision": paired(-0.02, -0.034, -0.006, "worse"),
        },
    }


def evaluation_of(curve_set: int) -> dict[str, Any]:
    """What the server says of a session that read light curves; the rest is of little."""
    hidden = [{"missing": missing, "accuracy": 0.8} for missing in ([], ["light_curve"])]
    return {
        **{"n_test": 60, "accuracy": 0.8, "macro_f1": 0.7, "log_loss": 0.5, "ece": 0.1},
        **{"confusion_matrix": [[20, 0, 0], [0, 20, 0], [0, 0, 20]], "baseline": None},
        "reliability": {"bins": [{"confidence": 0.7, "accuracy": 0.8, "count": 60}]},
        "roc": {"CONFIRMED": {"fpr": [0, 1], "tpr": [0, 1]}},
        "precision_recall": {"CONFIRMED": {"recall": [1, 0], "precision": [0.5, 1]}},
        **{"missing_features": hidden, "groups": None, "of_members": None},
        **{"period": {}, "depth": {}, "intervals": None, "abstention": None},
        "light_curves": {
            **{"curve_set_id": curve_set, "sha256": "0123456789ab" * 5, "recipe": 1},
            "with_curve": part(40, 0.91),
            "curve_hidden": part(40, 0.85),
            "difference": differences(),
            "without_curve": part(20, None),
            "tells_label": {"has_curve": 0.55, "segments": 0.72},
        },
    }


def test_a_set_is_chosen_with_the_network_that_reads_it_and_the_session_names_it(
    visitor: Visitor, people: Client, tmp_path: Path
):
    page, key = visitor.page, people.workspace("Trained")
    dataset = people.upload(key, write_catalogue(tmp_path))["id"]
    form = f"{home(people, key)}/train"
    visitor.open(form)
    page.locator(f"#network-{READER}").check()
    absent = page.locator("[data-test=no-curve-sets]")
    expect(absent).to_contain_text("there are none in this workspace yet")
    page.get_by_role("button", name="Start training").click()
    expect(absent.get_by_role("alert")).to_contain_text("or another network")
    assert visitor.violations() == []
    page.get_by_role("button", name="Restore defaults").click()

    number = bring_curves(people, key, write_curves(tmp_path))
    page.reload()
    assert chosen(page) == "transit_cnn_catalogue"
    page.get_by_label("Light curves", exact=True).select_option(label="stars (2 stars)")
    assert chosen(page) == READER
    match = page.locator("[data-test=curve-choice-match]")
    expect(match).to_contain_text(f"{MATCHED} of {ROWS} rows of this dataset have a light curve")
    expect(match).to_contain_text("2 of these rows have no transit epoch")
    assert visitor.violations() == []

    # Another network does not read it: that is said, and the set comes back with one that does.
    page.locator("#network-seed_cnn").check()
    expect(page.get_by_label("Light curves", exact=True)).to_have_value("")
    choice = page.locator("[data-test=curve-choice]")
    expect(choice).to_contain_text("the curve set is not used")
    page.locator(f"#network-{READER}").check()
    expect(page.get_by_label("Light curves", exact=True)).to_have_value(str(number))

    page.get_by_role("button", name="Start training").click()
    visitor.heading("exoplanet_model")
    link = page.locator("[data-test=settings] [data-test=curve-set-link]")
    expect(link.get_by_role("link")).to_have_text("stars")
    session = int(page.url.rsplit("/", 1)[1])
    assert people.session(session)["spec"]["curve_set_id"] == number
    assert people.wait(session)["status"] == "completed"

    visitor.open(f"{home(people, key)}/light-curves/{number}?dataset={dataset}")
    views = page.locator("[data-test=curve-views][data-status=completed]")
    expect(views).to_contain_text(f"{MATCHED - 2} of {MATCHED} rows with a light curve can be used")
    page.get_by_role("link", name="Train with these light curves").click()
    expect(match).to_contain_text(f"{MATCHED} of {ROWS} rows")
    assert chosen(page) == READER


def test_the_server_s_word_on_a_set_stands_at_the_field_and_a_failed_match_can_be_asked_again(
    visitor: Visitor, people: Client, tmp_path: Path
):
    page, key = visitor.page, people.workspace("Refused")
    people.upload(key, write_catalogue(tmp_path))
    number = bring_curves(people, key, write_curves(tmp_path))
    word = {"field": "curve_set_id", "message": "Expected another set."}
    problem = {"status": 422, "title": "Invalid", "detail": "Invalid.", "errors": [word]}
    page.route(
        re.compile("/api/training/start$"), lambda route: route.fulfill(status=422, json=problem)
    )
    broken = re.compile(rf"/api/light-curves/{number}\?dataset_id=")
    page.route(broken, lambda route: route.fulfill(status=500, json={"detail": "It is broken."}))
    visitor.open(f"{home(people, key)}/train?curve_set={number}")
    match = page.locator("[data-test=curve-choice-match]")
    expect(match.get_by_role("alert")).to_be_visible()
    page.unroute(broken)
    match.get_by_role("button").click()
    expect(match).to_contain_text(f"{MATCHED} of {ROWS} rows")
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("#curve-set-error")).to_have_text("Expected another set.")
    expect(page.locator("#curve-set")).to_be_focused()
    visitor.is_expected("500|422")


def test_a_grid_reads_light_curves_where_one_of_its_settings_does(
    visitor: Visitor, people: Client, tmp_path: Path
):
    page, key = visitor.page, people.workspace("Grid")
    people.upload(key, write_catalogue(tmp_path))
    number = bring_curves(people, key, write_curves(tmp_path))
    visitor.open(f"{home(people, key)}/studies/new?kind=grid")
    page.get_by_label("Vary", exact=False).select_option("network")
    page.locator("#grid-0-network").select_option(READER)
    page.locator("#grid-0-label").fill("measured")
    page.get_by_label("Seeds").fill("1")
    page.get_by_role("button", name="Start the study").click()
    expect(page.locator("#curve-set-error")).to_contain_text("Choose the curve set")
    page.get_by_label("Light curves", exact=True).select_option(str(number))
    # The base stays what it was: another setting reads the set.
    assert chosen(page) == "transit_cnn_catalogue"
    page.get_by_role("button", name="Start the study").click()
    visitor.heading("study")
    expect(page.locator("[data-test=curve-set-link]").first).to_have_text("stars")


def test_an_evaluation_says_what_light_curves_are_worth_also_in_french_on_a_phone(
    browser: Browser, light_server: Server, people: Client, tmp_path: Path
):
    key = people.workspace("Worth")
    dataset = people.upload(key, write_catalogue(tmp_path))["id"]
    number = bring_curves(people, key, write_curves(tmp_path))
    session = people.train(key, dataset, network=READER, curve_set_id=number)
    assert people.wait(session)["status"] == "completed"

    def answer(route: Route) -> None:
        route.fulfill(json={"success": True, "evaluation": evaluation_of(number)})

    with visit(browser, light_server, viewport=PHONE, locale="fr-FR") as visitor:
        page = visitor.page
        visitor.open()
        page.get_by_label("Jeton").fill("test_user_123")
        page.get_by_role("button", name="Se connecter").click()
        page.wait_for_url(re.compile(r"#/(workspaces|w/)"))
        page.route(EVALUATION, answer)
        visitor.open(f"{home(people, key)}/sessions/{session}/evaluation")
        section = page.locator("[data-test=light-curves]")
        expect(section.locator("[data-test=curves-worth]")).to_have_text(
            re.compile(
                r"la voir fait monter l.AUC ROC de 0,850 à 0,910 \(\+0,060\)\. "
                r"L.intervalle à 95\s% de l.écart va de \+0,031 à \+0,088\s: plus que le hasard\.$"
            )
        )
        expect(section.locator("[data-test=curves-caution]")).to_have_count(1)
        expect(section.locator("[data-test=curves-caution]")).to_contain_text("AUC ROC 0,72")
        expect(section.locator("[data-test=curves-with_curve]")).to_contain_text("0,890 à 0,930")
        expect(section.locator("[data-test=curves-without_curve] td").nth(2)).to_have_text(
            "\N{EN DASH}"
        )
        expect(section.get_by_role("row", name=re.compile("visible moins cachée"))).to_be_visible()
        found = section.locator("[data-test=curves-difference] td")
        for cell, words in enumerate(
            (
                r"^40\s*40 étoiles",
                rf"\+5,0\s% \({MINUS}1,0\s% à \+11,0\s%\)\s*≈ indécidable",
                r"\+0,060 \(\+0,031 à \+0,088\)\s*▲ meilleur",
                rf"{MINUS}0,020 \({MINUS}0,034 à {MINUS}0,006\)\s*▼ moins bon",
                "^\N{EN DASH}$",
            )
        ):
            expect(found.nth(cell)).to_have_text(re.compile(words))
        expect(page.get_by_role("rowheader", name="Courbe de lumière (mesurée)")).to_be_visible()
        press(page, page.get_by_role("button", name="Courbes de lumière", exact=True))
        expect(page.locator("#light-curves")).to_be_focused()
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert visitor.violations() == []
