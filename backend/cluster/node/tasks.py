"""What Ray runs on the nodes: a session, a look at the machine, a warm start.

Ray calls these with what the bridge sends; the package comes with the job's runtime environment.
"""

import importlib.metadata
import platform
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import ray

from backend import wire
from backend.background.prediction_worker import PredictionFailed, WorkerDied
from backend.cluster.desk import Answer
from backend.cluster.messages import Here, Message, Parcel, Software, Unfit
from backend.cluster.node import predictions, workers
from backend.cluster.node.folder import NodeFolder
from backend.cluster.node.session import Session

# What the weights and figures of a session depend on.
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "scipy", "pandas", "pydantic", "h5py")


# Of the desk; it is asked again.
_ANSWER_SECONDS = 30.0


def train(
    job: bytes, needs: bytes, parcels: list[Parcel], desk: Any, prepares: bool
) -> Iterator[list[Message]]:
    """Train a session on this node; yield its messages, in order.

    Args:
        job: `wire.Train`, as a line.
        needs: `wire.Needs`, as JSON.
        parcels: the files that it reads.
        desk: the actor that is asked whether it goes on.
        prepares: whether a worker is prepared for the next session meanwhile.
    """
    yield [Here(_node_id())]
    command = wire.decode_command(job)
    assert isinstance(command, wire.Train)
    try:
        folder = NodeFolder(_node_id())
    except OSError as error:
        yield [Unfit(wire.encodable(str(error)))]
        return

    def ask() -> Answer:
        asked = desk.answer.remote(command.session_id, command.start)
        try:
            return cast(Answer, ray.get(asked, timeout=_ANSWER_SECONDS))
        except ray.exceptions.ActorDiedError:  # and the bridge with it
            return "end"

    def bring(data: Path) -> None:
        for each in parcels:
            folder.put(each.sha256, data / each.path, partial(_pieces, each))

    reserved = wire.Needs.model_validate_json(needs)
    session = Session(command, reserved, folder, ask, prepares=prepares)
    for message in session.run(bring):
        yield [message]


def predict(request: bytes, threads: int, parcels: list[Parcel]) -> bytes:
    """Predict rows on this node.

    Args:
        request: `wire.PredictionRequest`, as a line; of any number of rows.
        threads: of TensorFlow.
        parcels: the model, and what lies beside it.

    Returns:
        `wire.PredictionAnswer` or `wire.PredictionRefusal`, as a line.
    """
    command = wire.decode_command(request)
    assert isinstance(command, wire.PredictionRequest)
    folder = NodeFolder(_node_id())
    predictor = predictions.predictor(folder, threads)
    for each in parcels:
        if not (predictor.data / each.path).exists():
            folder.put(each.sha256, predictor.data / each.path, partial(_pieces, each))
    try:
        return wire.encode(predictor.answer(command))
    except (PredictionFailed, WorkerDied) as error:
        return wire.encode(predictions.refused(command, error))


def prepare(needs: bytes) -> None:
    """Have a worker wait on this node for the first session."""
    workers.prepare(NodeFolder(_node_id()), wire.Needs.model_validate_json(needs))


def sweep() -> None:
    """Delete what processes have left on this node that are gone."""
    NodeFolder(_node_id()).sweep()


def look() -> tuple[Software, str, str]:
    """What is installed on this node, its processor, and its name; deletes what is left on it."""
    sweep()
    return software(), processor(), platform.node()


def software() -> Software:
    """What is installed in this process's environment."""
    return Software(platform.python_version(), {name: _version(name) for name in PACKAGES})


def processor() -> str:
    """The machine and the model of its processor, as far as the system names it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return f"{platform.machine()}, {line.partition(':')[2].strip()}"
    return platform.machine()


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _pieces(parcel: Parcel) -> Iterator[bytes]:
    for piece in parcel.pieces:
        yield memoryview(ray.get(piece)).cast("B")  # type: ignore[misc]


def _node_id() -> str:
    return str(ray.get_runtime_context().get_node_id())
