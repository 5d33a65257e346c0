"""How much does a browser load for the first page, and how soon is it visible?

    python -m benchmarks.page

Needs Chromium. Prints a markdown table: the median of several visits with an empty cache, beside
the API viewer, which is one large third-party script; then a session of a thousand epochs.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from backend.database import Database, finished_epochs, sessions
from backend.database.schema import epochs
from tests.e2e.browser import Visitor, launch
from tests.e2e.server import Client, Server, small_catalogue

VISITS = 5
EPOCHS = 1000

# Files and bytes of the page and all that it loaded; bytes as transferred, compressed.
LOADED = """() => {
  const kinds = ["navigation", "resource"];
  const all = kinds.flatMap((kind) => performance.getEntriesByType(kind));
  return [all.length, all.reduce((sum, each) => sum + each.transferSize, 0)];
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder), EXOTRAIN_WARM_WORKERS="0")
        try:
            session = prepare(server, Path(folder))
            browser = launch(playwright)
            print("| median of 5, empty cache | files | kB | seconds until visible |")
            print("|---|---|---|---|")
            row("the first page, sign-in", visits(browser, server, "#/", "main h1"))
            row("`/api/docs`, to compare", visits(browser, server, "api/docs", ".swagger-ui .info"))
            place = f"#/w/1/sessions/{session}"
            row(
                "a session of 1,000 epochs",
                visits(browser, server, place, "canvas", signed_in=True),
            )
        finally:
            server.stop()


def prepare(server: Server, folder: Path) -> int:
    """Make a completed session with a history of a thousand epochs; return its id."""
    client = Client(server)
    key = client.workspace("Page")
    dataset = client.upload(key, small_catalogue(folder))["id"]
    session = client.complete(key, dataset, epochs=1)["id"]
    database = Database(server.data_dir / "exotrain.db")
    with database.write() as connection:
        first = json.loads(finished_epochs.history(connection, session)[0].metrics)
        more = [
            {"session_id": session, "epoch": n, "metrics": {**first, "loss": 1 + 1 / n}}
            for n in range(2, EPOCHS + 1)
        ]
        connection.execute(epochs.insert(), more)
        sessions.change(connection, session, epochs=EPOCHS, epochs_completed=EPOCHS)
    database.close()
    return int(session)


def visits(
    browser: Browser, server: Server, place: str, seen: str, signed_in: bool = False
) -> list[tuple[int, int, float]]:
    """Files, bytes and seconds of each visit; each has a fresh browser profile."""
    found = []
    for _ in range(VISITS):
        visitor = Visitor(browser, server)
        if signed_in:
            visitor.sign_in()
        started = time.monotonic()
        visitor.open(place)
        visitor.page.locator(seen).first.wait_for()
        seconds = time.monotonic() - started
        visitor.page.wait_for_load_state("networkidle")
        files, size = visitor.page.evaluate(LOADED)
        found.append((files, size, seconds))
        visitor.context.close()
    return found


def row(title: str, found: list[tuple[int, int, float]]) -> None:
    columns: list[Any] = [statistics.median(each) for each in zip(*found, strict=True)]
    files, size, seconds = columns
    print(f"| {title} | {files:.0f} | {size / 1000:.0f} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
