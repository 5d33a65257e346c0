"""A study of the demo: started through the API, watched, and read when it has ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.demo.client import Answer, Api, DemoFailed
from backend.demo.cluster.comparison import Weights, weights_of
from backend.demo.cluster.machines import Machines

FOLDS = 4
EPOCHS = 8

_POLL_SECONDS = 1.0

# A study that is lost would wait for ever.
_MOST_SECONDS = 1200

_PLACES = {"pending": "waiting", "completed": "done"}

Watch = Callable[[list[Answer]], None]


@dataclass
class Result:
    """What a study has found.

    Attributes:
        weights: of the network of each fold.
        figures: of the study and of each fold, as the API gives them.
        seconds: from its start to its end.
    """

    weights: list[Weights]
    figures: Any
    seconds: float


def run(api: Api, machines: Machines, name: str, watch: Watch, **spec: Any) -> Result:
    """Run a study to its end, with a line whenever something has changed.

    Args:
        watch: called with the sessions every second or so.
        spec: the workspace and the dataset.

    Raises:
        DemoFailed: it did not complete.
    """
    began = time.monotonic()
    started = api.post(
        "/api/training/studies", name=name, folds=FOLDS, epochs=EPOCHS, seed=1, **spec
    )
    path = f"/api/training/studies/{started['study']['id']}"
    said = ""
    while True:
        study = api.get(path)["study"]
        line = progress(study["sessions"], machines.node_of)
        if line != said:
            said = line
            print(f"{time.monotonic() - began:5.0f} s   {line}", flush=True)
        if study["status"] not in ("pending", "training"):
            break
        watch(study["sessions"])
        machines.require_all()
        if time.monotonic() - began > _MOST_SECONDS:
            raise DemoFailed(f"the study has not ended within {_MOST_SECONDS} s")
        time.sleep(_POLL_SECONDS)
    seconds = time.monotonic() - began
    return _result(api, path, seconds)


def progress(sessions: list[Answer], node_of: Callable[[int], str | None]) -> str:
    """Which fold is where, in one line."""
    places: dict[str, list[str]] = {}
    for each in sorted(sessions, key=lambda each: each["fold"]):
        words, status = str(each["fold"]), str(each["status"])
        if status == "training":
            place = node_of(each["id"]) or "starting"
            words = f"fold {words}"
            if each["epochs_completed"]:
                words += f", epoch {each['epochs_completed']} of {each['epochs']}"
        else:
            place = _PLACES.get(status, status)
        places.setdefault(place, []).append(words)
    order = sorted(name for name in places if name.startswith("node"))
    order += [name for name in places if name not in order]
    return "   ".join(f"{name}: {', '.join(places[name])}" for name in order)


def _result(api: Api, path: str, seconds: float) -> Result:
    deadline = time.monotonic() + _MOST_SECONDS
    while True:
        study = api.get(path)["study"]
        failed = [each for each in study["sessions"] if each["status"] != "completed"]
        if failed:
            raise DemoFailed(
                f"fold {failed[0]['fold']} has {failed[0]['status']}: {failed[0]['error']}"
            )
        if study["figures"]["intervals_state"] == "found":
            break
        if time.monotonic() > deadline:
            raise DemoFailed("the intervals of the study's figures are not found")
        time.sleep(_POLL_SECONDS)
    folds = sorted(study["sessions"], key=lambda each: each["fold"])
    return Result(
        weights=[
            weights_of(api.download(f"/api/models/{each['model_id']}/download")) for each in folds
        ],
        figures={"study": study["figures"], "folds": [each["figures"] for each in folds]},
        seconds=seconds,
    )
