"""The page predicts a candidate with its light curve: sent once, refused in words, taken out."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from tests.e2e.browser import Visitor, home, settle, visit
from tests.e2e.light.curves.tables import (
    DEPTH,
    DURATION,
    EPOCH,
    PERIOD,
    STARS,
    bring_curves,
    write_catalogue,
    write_curves,
)
from tests.e2e.server import TOKEN, Client, Server
from tests.transit.photometry.test_prepared_views import view

pytestmark = [pytest.mark.e2e]

PHONE = {"width": 360, "height": 740}
READER = "light_curve_cnn"
PREDICT = re.compile(r"/api/predict$")
LOST_AND_BACK = """import("/static/lib/connection.js").then(({ noteLost, noteReached }) => {
    noteLost();
    noteReached();
})"""


@pytest.fixture
def visitor(browser: Browser, light_server: Server) -> Iterator[Visitor]:
    with visit(browser, light_server) as found:
        found.sign_in()
        yield found


def part(page: Page, name: str) -> Locator:
    return page.locator(f"[data-test={name}]")


def choose(page: Page, *files: Path) -> None:
    page.locator("[data-test=candidate-curve-drop] input[type=file]").set_input_files(files)


def forms_sent(page: Page) -> list[Request]:
    """The forms with files that the page sends from now on."""
    found: list[Request] = []

    def note(request: Request) -> None:
        if PREDICT.search(request.url) and "multipart" in request.headers.get("content-type", ""):
            found.append(request)

    page.on("request", note)
    return found


def test_a_candidate_is_predicted_with_its_light_curve_which_is_sent_once_and_taken_out(
    visitor: Visitor, browser: Browser, light_server: Server, people: Client, tmp_path: Path
):
    page, key = visitor.page, people.workspace("One")
    dataset = people.upload(key, write_catalogue(tmp_path))["id"]
    paths = write_curves(tmp_path)
    people.complete(key, dataset, network=READER, curve_set_id=bring_curves(people, key, paths))
    other = people.complete(key, dataset, network="transit_cnn")
    cut_off = tmp_path / "cut off.fits"
    cut_off.write_bytes(b"SIMPLE  =                    T".ljust(500))

    visitor.open(f"{home(people, key)}/predict")
    field, note, findings = (
        part(page, name) for name in ("candidate-curve", "curve-note", "curve-findings")
    )
    expect(field).to_be_visible()
    for name, value in {"period": PERIOD, "duration": DURATION, "depth": DEPTH}.items():
        page.locator(f"#candidate-{name}").fill(str(value))
    part(page, "predict").click()
    expect(part(page, "verdict")).to_be_visible()
    expect(findings).to_have_count(0)

    # A file needs an epoch, and what is shown was made without it.
    sent = forms_sent(page)
    choose(page, paths[0])
    expect(note).to_contain_text("without the light curve that you chose")
    part(page, "predict").click()
    expect(page.locator("#candidate-epoch-error")).to_have_text("A number is required here.")
    expect(page.locator("#candidate-epoch")).to_be_focused()
    page.locator("#candidate-epoch").fill("355.2")
    expect(page.locator("#candidate-epoch-error")).to_contain_text("Expected a BJD")
    page.locator("#candidate-epoch").fill(str(EPOCH))
    assert sent == []
    part(page, "predict").click()
    expect(findings).to_contain_text("The prediction was made with this light curve.")
    expect(findings).to_contain_text("1 segment")
    depth = findings.locator("[data-number=depth] td").first
    expect(depth).to_contain_text("ppm")
    # The model does not know what was usual: nothing is said of it.
    expect(part(page, "usual-lead")).to_have_count(0)
    expect(findings.locator("[data-number=depth] td")).to_have_count(1)
    measured = float(depth.inner_text().split()[0].replace(",", ""))
    # A fit of a transit's form is deeper in the middle than the box of these tables.
    assert measured == pytest.approx(DEPTH, rel=0.2)
    expect(findings.locator("[data-number=depth_significance]")).to_contain_text(
        "\N{GREEK SMALL LETTER SIGMA}"
    )
    expect(note).to_have_count(0)
    assert len(sent) == 1
    assert visitor.violations() == []

    # Nothing that moves sends it again.
    page.locator("#candidate-depth").fill("4900")
    expect(note).to_contain_text("was made with the light curve")
    page.locator("#candidate-depth").fill(str(DEPTH))
    page.locator("#candidate-epoch").fill(str(EPOCH + 1))
    expect(note).to_contain_text("as it was before your changes")
    page.locator("#candidate-epoch").fill(str(EPOCH))
    expect(note).to_have_count(0)
    part(page, "what-if").click()
    page.locator("#slider-depth").press("ArrowRight")
    expect(note).to_contain_text("without the light curve")
    expect(findings).to_have_count(0)
    page.get_by_role("button", name="Values", exact=True).click()
    expect(findings).to_be_visible()
    assert len(sent) == 1

    # Of another star: said beside the files, with a box to tick.
    page.locator("#candidate-star").fill("KIC 7")
    expect(part(page, "same-star")).to_have_count(0)
    part(page, "predict").click()
    expect(page.locator("#candidate-curve-error")).to_contain_text(f"Expected {STARS[0]}")
    part(page, "same-star").check()
    part(page, "predict").click()
    expect(findings).to_be_visible()
    assert len(sent) == 3

    # A cut-off file is named, and taken out again.
    choose(page, cut_off)
    part(page, "predict").click()
    expect(page.locator("#candidate-curve-error")).to_contain_text("cut off.fits")
    page.get_by_role("button", name="Remove cut off.fits").click()
    expect(page.locator("#candidate-curve-error")).to_have_count(0)
    page.get_by_role("button", name=f"Remove {paths[0].name}").click()
    expect(part(page, "verdict")).to_be_visible()
    expect(findings).to_have_count(0)
    expect(note).to_have_count(0)
    assert len(sent) == 4

    # A full server and a file that is too large are said beside the files too.
    choose(page, paths[0])
    page.locator("#candidate-epoch").fill(str(EPOCH))
    problem = {"title": "Busy", "detail": "Others are being read."}
    busy: dict[str, Any] = {
        "status": 503,
        "headers": {"Retry-After": "30"},
        "json": {"status": 503, **problem},
    }
    page.route(PREDICT, lambda route: route.fulfill(**busy))
    part(page, "predict").click()
    expect(part(page, "curve-busy")).to_contain_text("sent again in")
    page.unroute(PREDICT)
    large = {"status": 413, "title": "Too large", "detail": "Expected at most 1 byte."}
    page.route(PREDICT, lambda route: route.fulfill(status=413, json=large))
    page.get_by_role("button", name="Retry now").click()
    expect(page.locator("#candidate-curve-error")).to_have_text("Expected at most 1 byte.")
    visitor.is_expected("422|503|413")
    page.unroute(PREDICT)

    # A model that reads no light curves is not offered one.
    page.locator("#predict-model").select_option(str(other["model_id"]))
    expect(field).to_have_count(0)

    with visit(browser, light_server, viewport=PHONE, locale="fr-FR") as french:
        predict_in_french(french, f"{home(people, key)}/predict", paths)


def test_the_sending_of_a_light_curve_is_stopped_and_the_form_goes_on(
    visitor: Visitor, people: Client, tmp_path: Path
):
    page, key = visitor.page, people.workspace("Stopped")
    dataset = people.upload(key, write_catalogue(tmp_path))["id"]
    paths = write_curves(tmp_path)
    people.complete(key, dataset, network=READER, curve_set_id=bring_curves(people, key, paths))
    asked = {"period": PERIOD, "duration": DURATION, "depth": DEPTH}
    typed = "&".join(f"{name}={value}" for name, value in asked.items())
    visitor.open(f"{home(people, key)}/predict?{typed}")
    expect(part(page, "verdict")).to_be_visible()
    stop, stopped = part(page, "curve-stop"), part(page, "curve-stopped")

    sent = forms_sent(page)
    held: list[Route] = []
    page.route(PREDICT, lambda route: held.append(route))
    choose(page, paths[0])
    page.locator("#candidate-epoch").fill(str(EPOCH))
    expect(stop).to_have_count(0)
    part(page, "predict").click()
    expect(part(page, "curve-reading")).to_be_visible()
    # What is typed meanwhile is not what is sent.
    page.locator("#candidate-epoch").fill(str(EPOCH + 1))
    with page.expect_event("requestfailed", lambda each: bool(PREDICT.search(each.url))):
        stop.press("Enter")
    expect(stopped).to_contain_text("Press Predict to send it again")
    expect(part(page, "predict")).to_be_focused()
    expect(part(page, "curve-reading")).to_have_count(0)
    expect(stop).to_have_count(0)
    expect(part(page, "prediction").get_by_role("alert")).to_have_count(0)
    assert (len(sent), len(held)) == (1, 1)
    page.unroute(PREDICT)

    # The files are still chosen, and nothing is sent by itself.
    page.evaluate(LOST_AND_BACK)
    settle(page)
    expect(stopped).to_be_visible()
    assert len(sent) == 1
    page.locator("#candidate-epoch").fill(str(EPOCH))
    page.keyboard.press("Enter")
    expect(part(page, "curve-findings")).to_contain_text("was made with this light curve")
    expect(stopped).to_have_count(0)
    assert len(sent) == 2

    # One that waits for a busy server is stopped too, and predicted without its files then.
    busy = {"status": 503, "title": "Busy", "detail": "Others are being read."}
    answer: dict[str, Any] = {"status": 503, "headers": {"Retry-After": "30"}, "json": busy}
    page.route(PREDICT, lambda route: route.fulfill(**answer))
    page.locator("#candidate-epoch").fill(str(EPOCH + PERIOD))
    part(page, "predict").click()
    expect(part(page, "curve-busy")).to_be_visible()
    stop.click()
    expect(part(page, "curve-busy")).to_have_count(0)
    expect(stopped).to_be_visible()
    page.unroute(PREDICT)
    page.get_by_role("button", name=f"Remove {paths[0].name}").click()
    expect(part(page, "verdict")).to_be_visible()
    expect(stopped).to_have_count(0)
    visitor.is_expected("503")

    # Views that were prepared elsewhere have no points to count.
    expect(page.locator("[data-test=candidate-curve-drop] input")).to_have_attribute(
        "accept", re.compile(r"\.npz")
    )
    choose(page, write_views(tmp_path))
    page.locator("#candidate-epoch").fill(str(EPOCH))
    part(page, "predict").click()
    expect(part(page, "curve-findings")).to_contain_text("was made with this light curve")
    expect(part(page, "curve-findings")).not_to_contain_text("0 points")
    assert visitor.violations() == []


def write_views(folder: Path) -> Path:
    """A file of prepared views of the candidate."""
    path = folder / "views.npz"
    np.savez(path, star=STARS[:1], period=[PERIOD], local_view=[view(61)], scale="relative")
    return path


def predict_in_french(visitor: Visitor, address: str, paths: list[Path]) -> None:
    """See that the same fits a phone, and keeps nobody out."""
    page = visitor.page
    visitor.open()
    page.get_by_label("Jeton").fill(TOKEN)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(re.compile(r"#/(workspaces|w/)"))
    asked = {"period": PERIOD, "duration": DURATION, "depth": DEPTH}
    visitor.open(f"{address}?{'&'.join(f'{name}={value}' for name, value in asked.items())}")
    choose(page, *paths)
    expect(part(page, "candidate-curve").get_by_role("listitem")).to_have_count(len(paths))
    page.get_by_role("button", name=f"Retirer {paths[1].name}").click()
    page.locator("#candidate-epoch").fill(f"{EPOCH:.1f}".replace(".", ","))
    part(page, "predict").click()
    expect(part(page, "curve-findings")).to_contain_text("faite avec cette courbe de lumière")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert visitor.violations() == []
