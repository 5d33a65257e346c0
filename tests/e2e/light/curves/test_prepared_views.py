"""Views of many rows on a real server, which is killed while it prepares them."""

import hashlib
import io
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.transit.photometry.evidence import EVIDENCE
from tests.e2e.server import Client, Server, wait_for
from tests.light_curves.preparing.made import signal as signal_of
from tests.services.curves.prepared import catalogue, curves

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CURVES = "/api/light-curves"

STARS = range(1, 301)


def packed() -> bytes:
    """A light curve of each star, in an archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for star in STARS:
            archive.writestr(f"{star}.csv", curves([star]))
    return made.getvalue()


def ended(client: Client, path: str, what: str) -> dict[str, Any]:
    """An import or views that have ended."""
    return wait_for(
        lambda: client.get(path)[what],
        lambda found: (found.get("job") or found)["status"] not in ("pending", "running"),
        300,
    )


def file_of(server: Server) -> Path:
    [path] = (server.data_dir / "uploads").glob("*/*.views.npy")
    return path


@pytest.mark.long
def test_a_server_that_is_killed_goes_on_with_views_and_they_are_the_same(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    table = tmp_path / "catalogue.csv"
    table.write_text(catalogue(STARS))
    dataset = client.upload(key, table)
    data = {"workspace_key": key}
    posted = client.post(CURVES, 202, files={"file": ("stars.zip", packed())}, data=data)
    path = f"{CURVES}/{posted['curve_set']['id']}"
    assert ended(client, path, "curve_set")["stars"] == len(STARS)
    of_rows = f"{path}/views?dataset_id={dataset['id']}"
    client.post(f"{path}/views", 202, json={"dataset_id": dataset["id"]})
    seen = wait_for(
        lambda: client.get(of_rows)["views"],
        lambda found: found["rows_done"] > 0 or found["status"] == "completed",
        120,
    )
    assert seen["status"] == "running", "the views were there before the server could be killed"
    assert seen["rows_done"] < seen["rows"] == len(STARS)
    server.stop(signal.SIGKILL)
    parts = list((server.data_dir / "uploads").glob("*/views-*.part"))
    assert parts
    server.start()
    client = Client(server)
    found = ended(client, of_rows, "views")
    assert found["status"] == "completed", found
    facts = found["facts"]
    assert (facts["rows"], facts["rows_used"]) == (len(STARS) + 1, len(STARS))
    assert not list((server.data_dir / "uploads").glob("*/views-*.part"))
    rows = np.load(file_of(server))
    assert rows["row"].tolist() == [star - 1 for star in STARS]
    depths = [signal_of(star).depth for star in STARS]
    ratio = rows["evidence"][:, EVIDENCE.index("depth")] / depths
    assert np.abs(np.median(ratio) - 1) < 0.02
    first = hashlib.sha256(file_of(server).read_bytes()).hexdigest()
    client.call("DELETE", of_rows, 200)
    assert client.get(f"{path}/views")["all"] == []
    client.post(f"{path}/views", 202, json={"dataset_id": dataset["id"]})
    assert ended(client, of_rows, "views")["status"] == "completed"
    assert hashlib.sha256(file_of(server).read_bytes()).hexdigest() == first
    assert client.get(f"{path}?dataset_id={dataset['id']}")["curve_set"]["match"]["views"]
