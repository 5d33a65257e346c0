"""Pictures of the page, light and dark, of real sessions.

    make screenshots                                the four of the README, into docs/images/
    python -m tests.e2e.screenshots --all FOLDER    every page, into a folder

Uses the KOI table of the NASA Exoplanet Archive where it is (see docs/BENCHMARKS.md), else only the
simulated catalogue.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from backend.config import REPOSITORY
from tests.conftest import ARCHIVE_DATA
from tests.e2e.browser import Visitor, launch
from tests.e2e.server import Client, Server

IMAGES = REPOSITORY / "docs" / "images"
IN_THE_README = ("report", "session", "evaluation", "predict")
WIDTH, HEIGHT = 1240, 900
COLORS = 96

CANDIDATES = [
    {"star": "A", "period": 3.5, "duration": 3.0, "depth": 8000, "impact": 0.3, "snr": 80}
    | {"steff": 5800, "srad": 1.0, "slogg": 4.4, "tmag": 11.0},
    {"star": "B", "period": 12.1, "duration": 1.5, "depth": 52000, "snr": 400, "steff": 6100},
]

SAVED = ("label", "label_name", "probabilities", "period", "depth_ppm", "uncertain")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page, into FOLDER")
    chosen: Path | None = parser.parse_args().all
    into = chosen or IMAGES
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        try:
            pages = prepare(Client(server))
            browser = launch(playwright)
            if chosen is None:
                pages = {name: pages[name] for name in IN_THE_README}
            for scheme in ("light", "dark"):
                take_all(browser, server, pages, scheme, into)
        finally:
            server.stop()


def prepare(client: Client) -> dict[str, str]:
    """Datasets, sessions, models and an analysis, made for real; the pages' addresses by name."""
    key = client.workspace("Vetting 2026")
    example = client.upload(key, REPOSITORY / "example_dataset.csv")["id"]
    table = ARCHIVE_DATA / "koi_cumulative.csv"
    dataset = client.upload(key, table)["id"] if table.exists() else example
    first = client.complete(key, dataset, epochs=12, model_name="plain")["id"]
    settings: dict[str, Any] = {"network": "transit_cnn_catalogue", "model_name": "with_catalogue"}
    second = client.complete(key, dataset, epochs=25, **settings)
    client.complete(key, example, epochs=5, model_name="simulated")
    client.post(f"/api/models/{second['model_id']}/promote")
    body = {"workspace_key": key, "rows": CANDIDATES}
    predicted = client.post("/api/predict", json=body)["predictions"]
    analysis = {
        "workspace_key": key,
        "title": "Two transits of Tuesday",
        "note": "B grazes; ask for a spectrum.",
        "model_id": second["model_id"],
        "candidates": CANDIDATES,
        "predictions": [{name: each[name] for name in SAVED} for each in predicted],
    }
    client.post("/api/analyses", 201, json=analysis)
    running = client.train(key, dataset, epochs=1000, patience=1000, model_name="under_way")
    client.wait(running, lambda session: session["epochs_completed"] >= 4)
    client.post(f"/api/training/session/{running}/stop")
    client.wait(running)
    work = f"#/w/{client.get('/api/workspaces')['workspaces'][0]['id']}"
    return {
        "workspaces": "#/workspaces",
        "datasets": f"{work}/datasets",
        "dataset": f"{work}/datasets/{dataset}?tab=profile",
        "report": f"{work}/datasets/{dataset}?tab=report",
        "rows": f"{work}/datasets/{dataset}?tab=rows&row=12",
        "train": f"{work}/train?dataset={dataset}",
        "sessions": f"{work}/sessions",
        "session": f"{work}/sessions/{second['id']}",
        "evaluation": f"{work}/sessions/{second['id']}/evaluation",
        "compare": f"{work}/compare?ids={first},{second['id']}",
        "models": f"{work}/models",
        "model": f"{work}/models/{second['model_id']}",
        "predict": f"{work}/predict",
        "batch": f"{work}/predict/batch",
        "analyses": f"{work}/analyses",
        "analysis": f"{work}/analyses/1",
    }


def take_all(
    browser: Browser, server: Server, pages: dict[str, str], scheme: Any, into: Path
) -> None:
    """One picture a page, in one colour scheme."""
    size = {"width": WIDTH, "height": HEIGHT}
    visitor = Visitor(browser, server, viewport=size, color_scheme=scheme)
    visitor.open()
    visitor.sign_in()
    for name, address in pages.items():
        visitor.open(address)
        visitor.page.wait_for_load_state("networkidle")
        if name == "predict":
            visitor.page.locator("[data-test^=example-]").first.click()
            visitor.page.locator("[data-test=predict]").click()
            visitor.page.locator("[data-test=prediction]").wait_for()
        visitor.page.wait_for_timeout(700)  # a plot is drawn once more when it knows its size
        take(visitor.page, into / f"page-{name}-{scheme}.png")
    visitor.context.close()


def take(page: Page, path: Path) -> None:
    """Writes a picture in few colours: some are kept in the repository."""
    page.screenshot(path=path)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
