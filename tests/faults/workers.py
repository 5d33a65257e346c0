"""Children that stand in for workers, without TensorFlow: they train or predict in no time."""

import hashlib
import sys

from backend import wire
from tests import messages

MODEL = b"model"

# Trains: says the events of a session, and writes its model before the last one. Predicts: answers
# every request with as many predictions as it has rows.
_SCRIPT = """
import json, pathlib, sys
events = {events!r}
command = json.loads(sys.stdin.readline())
say = sys.stdout.buffer
if command["kind"] == "train":
    for line in events[:-1]:
        say.write(line)
        say.flush()
    path = pathlib.Path({folder!r}) / command["model_file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes({model!r})
    say.write(events[-1])
    say.flush()
else:
    for line in sys.stdin:
        request = json.loads(line)
        answer = {{"event": "predicted", "id": request["id"], "predictions": {predictions!r}}}
        say.write(json.dumps(answer).encode() + b"\\n")
        say.flush()
"""


def events() -> list[wire.Event]:
    """What a session of two epochs says."""
    return [
        wire.Ready(),
        messages.started(),
        wire.Batch(epoch=1, batches_done=1, batches=4),
        messages.epoch(1),
        messages.epoch(2),
        wire.Stage(stage="evaluating"),
        wire.Evaluated(evaluation={"n_test": 1}),
        wire.Saved(
            sha256=hashlib.sha256(MODEL).hexdigest(),
            manifest={
                "spec": {"source": "koi"},
                "training_ranges": {},
                "verdict": messages.BETTER,
            },
            best_epoch=2,
            metrics=messages.metrics(1.0),
        ),
    ]


def command(models: str, said: list[wire.Event] | None = None) -> list[str]:
    """The command of such a child.

    Args:
        models: the folder of the models.
        said: what it says of a session; by default `events`.
    """
    answer = wire.PredictionAnswer(id=1, predictions=messages.predictions())
    packed = answer.model_dump(mode="json")["predictions"]
    script = _SCRIPT.format(
        events=[wire.encode(event) for event in said or events()],
        folder=models,
        model=MODEL,
        predictions=packed,
    )
    return [sys.executable, "-S", "-c", script]
