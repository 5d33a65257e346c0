"""What a person does with a table and light curves, by the API: upload, prepare, train, wait."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.demo.client import Answer, Api, DemoFailed
from backend.demo.progress import bar, overwrite_last_line, print_line

CATALOGUE_NETWORK, CURVE_NETWORK = "transit_cnn_catalogue", "light_curve_cnn"

# A few hundred stars: small batches, so that an epoch has more than two steps.
SETTINGS = {
    "epochs": 60,
    "patience": 20,
    "batch_size": 32,
    "learning_rate": 2e-3,
    "test_split": 0.35,
    "seed": 1,
}

_PIECE_BYTES = 4_000_000
_POLL_SECONDS = 0.5

# Something that is lost would be waited for without an end.
_MOST_SECONDS = 1800


def bring_light_curves(api: Api, key: str, archive: Path) -> Answer:
    """Upload an archive in pieces, and wait until its files are read into a curve set.

    Returns:
        The curve set.

    Raises:
        DemoFailed: it was refused, or the import has failed.
    """
    size = archive.stat().st_size
    said = {"workspace_key": key, "name": archive.name, "size": size}
    upload = api.post("/api/light-curves/uploads", **said)["upload"]
    with open(archive, "rb") as file:
        start = 0
        while piece := file.read(_PIECE_BYTES):
            api.put_piece(f"/api/light-curves/uploads/{upload['id']}", start, piece, size)
            start += len(piece)
            overwrite_last_line(bar(start / size, "sending"))
    form = {"workspace_key": key, "name": "simulated", "upload_ids": str(upload["id"])}
    path = f"/api/light-curves/{api.post_form('/api/light-curves', **form)['curve_set']['id']}"
    found = _wait(lambda: api.get(path)["curve_set"], "the import", "reading", ("job",))
    job = found["job"]
    print_line(
        f"Uploaded {archive.name}: {job['taken']} light curves taken, {job['refused']} refused."
    )
    return found


def prepare_views(api: Api, curve_set_id: int, dataset_id: int) -> Answer:
    """Have the views of all rows prepared, and wait for them.

    Returns:
        What came of the rows, `facts` of the views.

    Raises:
        DemoFailed: it was refused or has failed.
    """
    path = f"/api/light-curves/{curve_set_id}/views"
    api.post(path, dataset_id=dataset_id)

    def ask() -> Answer:
        return api.get(f"{path}?dataset_id={dataset_id}")

    facts: Answer = _wait(ask, "the preparation of views", "preparing", ("views",))["views"][
        "facts"
    ]
    print_line(
        f"Cleaned, flattened and folded: {facts['rows_used']} of {facts['rows']} rows have views "
        "and numbers of their light curve."
    )
    return facts


def start_study(api: Api, **spec: Any) -> int:
    """Start both networks on the same split: the number of the study."""
    different = [{"label": "with light curves", "network": CURVE_NETWORK}]
    answer = api.post(
        "/api/training/studies",
        kind="grid",
        name="light_curves",
        network=CATALOGUE_NETWORK,
        settings=different,
        seeds=1,
        **SETTINGS,
        **spec,
    )
    number: int = answer["study"]["id"]
    return number


def watch_study(api: Api, study_id: int) -> Answer:
    """Wait for both networks and the interval of their difference; a line for each that is done.

    Returns:
        The study; its first session is of the catalogue alone.

    Raises:
        DemoFailed: a session has not completed.
    """
    deadline = time.monotonic() + _MOST_SECONDS
    said: set[int] = set()
    while True:
        study: Answer = api.get(f"/api/training/studies/{study_id}")["study"]
        sessions = study["sessions"] = sorted(study["sessions"], key=lambda each: each["id"])
        for each in sessions:
            if each["status"] not in ("pending", "training", "completed"):
                raise DemoFailed(f"session {each['id']} has {each['status']}: {each['error']}")
            if each["status"] == "completed" and each["id"] not in said:
                said.add(each["id"])
                name = (CATALOGUE_NETWORK, CURVE_NETWORK)[sessions.index(each)]
                print_line(f"Trained {name}: {each['epochs_completed']} epochs.")
        figures = study["grid"]
        if len(said) == len(sessions) and figures and figures["intervals_state"] == "found":
            return study
        overwrite_last_line(bar(study["progress"] or 0, _doing(sessions)))
        _require_time(deadline, "the study")
        time.sleep(_POLL_SECONDS)


def _doing(sessions: list[Answer]) -> str:
    for number, each in enumerate(sessions):
        if each["status"] == "training":
            name = (CATALOGUE_NETWORK, CURVE_NETWORK)[number]
            epochs = f"{each['epochs_completed']} of at most {each['epochs']} epochs"
            return f"{name}: {epochs if each['epochs_completed'] else each['stage'] or 'starting'}"
    return "waiting"


def _wait(ask: Callable[[], Answer], what: str, doing: str, job_at: tuple[str, ...]) -> Answer:
    """Ask until a job of the answer has ended."""
    deadline = time.monotonic() + _MOST_SECONDS
    while True:
        answer = job = ask()
        for name in job_at:
            job = job[name]
        if job["status"] == "completed":
            return answer
        if job["status"] not in ("pending", "running"):
            why = (job["error"] or {}).get("message", "nobody knows why")
            raise DemoFailed(f"{what} has {job['status']}: {why}")
        overwrite_last_line(bar(job["progress"], doing))
        _require_time(deadline, what)
        time.sleep(_POLL_SECONDS)


def _require_time(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise DemoFailed(
            f"{what} has not ended within {_MOST_SECONDS} s; the server's log may say why"
        )
