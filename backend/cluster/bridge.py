"""The bridge: connected to the cluster, it has sessions trained and rows predicted there.

One thread reads the server's commands, one looks at the nodes, and each session has one that takes
what its node sends. The bridge keeps nothing that is needed again: when it ends, every task on the
cluster ends too, and the server goes on from what is in the data folder.
"""

import logging
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from backend import wire
from backend.cluster.desk import Desk
from backend.cluster.node import tasks
from backend.cluster.node.folder import is_running
from backend.cluster.nodes import Nodes
from backend.cluster.parcels import Parcels
from backend.cluster.session import Session
from backend.config import REPOSITORY
from backend.storage.layout import Storage

VIEW_SECONDS = 2.0

# The rows of one request: to find a place, to start a worker, to load a model, to predict.
_PREDICTION_SECONDS = 240.0

# Requests on their way at once; the server asks for no more than the nodes can take.
_MOST_PREDICTIONS = 64

# A head that does not accept a connection for so long is not there.
_ANSWER_SECONDS = 10.0

log = logging.getLogger(__name__)

Send = Callable[[wire.BridgeEvent], None]


class Bridge:
    """The driver of a Ray job.

    Args:
        address: "host:port", "auto", or None: a cluster of its own on this machine.
        storage: of the server.
        send: takes the events for the server, from any thread.
    """

    def __init__(self, address: str | None, storage: Storage, send: Send) -> None:
        self._send = send
        self._storage = storage
        self._lock = threading.Lock()
        self._sessions: dict[int, Session] = {}
        _connect(address)
        self._nodes = Nodes()
        self._parcels = Parcels(storage, ray.put)
        self._desk = _open_desk()
        self._predicting = ThreadPoolExecutor(_MOST_PREDICTIONS, "predictions")

    def watch(self) -> None:
        """Send what the cluster has, every few seconds, until the process ends.

        Raises:
            RayError: the cluster does not answer any more.
        """
        while True:
            self._send(wire.Cluster(nodes=self._nodes.view()))
            for session in list(self._sessions.values()):
                session.tick()
            time.sleep(VIEW_SECONDS)

    def obey(self, command: wire.BridgeCommand) -> None:
        """Do what the server asks for; never waits for a node."""
        match command:
            case wire.Assign():
                self._assign(command)
            case wire.Request():
                self._request(command)
            case wire.Warm():
                self._nodes.warm(command.needs)
            case wire.Predict():
                self._predicting.submit(self._predict, command)

    def _assign(self, assign: wire.Assign) -> None:
        job = assign.job
        session = Session(assign, self._storage, self._send, self._nodes, self._parcels, self._desk)
        with self._lock:
            older = self._sessions.get(job.session_id)
            self._sessions[job.session_id] = session
        if older is not None:
            older.end()
        name = f"session {job.session_id}"
        threading.Thread(target=self._run, args=(session,), name=name, daemon=True).start()

    def _run(self, session: Session) -> None:
        try:
            session.run()
        finally:
            with self._lock:
                if self._sessions.get(session.id) is session:
                    del self._sessions[session.id]
            self._desk.forget.remote(session.id, session.start)

    def _predict(self, command: wire.Predict) -> None:
        request = command.request
        try:
            options = self._nodes.options(wire.Needs(cpus=command.cpus, gpus=0, memory_mb=None))
            remote: Any = ray.remote(max_retries=0)(tasks.predict)
            parcels = self._parcels.of_model(request)
            asked = remote.options(**options).remote(wire.encode(request), command.cpus, parcels)
            try:
                answer = wire.decode_event(ray.get(asked, timeout=_PREDICTION_SECONDS))
            except ray.exceptions.GetTimeoutError:
                ray.cancel(asked, force=True)
                raise
            assert isinstance(answer, wire.PredictionAnswer | wire.PredictionRefusal)
            self._send(answer)
        except Exception as error:
            log.warning("prediction %d: %.500r", request.id, error)
            words = wire.encodable(f"{type(error).__name__}: {str(error)[:300]}")
            self._send(wire.Lost(id=request.id, message=words))

    def _request(self, request: wire.Request) -> None:
        session = self._sessions.get(request.session_id)
        if session is None or session.start != request.start:
            return
        session.request(request.what)


def _connect(address: str | None) -> None:
    """Join the cluster.

    Raises:
        OSError: nothing answers at the address.
        Exception: whatever Ray raises, with words of its own.
    """
    _require_listener(address)
    own: dict[str, Any] = {} if address else {"_temp_dir": _short_folder()}
    ray.init(
        address=address or "local",
        **own,
        include_dashboard=False if address is None else None,
        namespace="exotrain",
        log_to_driver=False,
        configure_logging=False,
        runtime_env={
            "py_modules": [str(REPOSITORY / "backend")],
            "excludes": ["**/__pycache__"],
            "env_vars": {"PYTHONDONTWRITEBYTECODE": "1"},
        },
    )


def _short_folder() -> str:
    """A folder for a cluster of our own: the path of a socket has at most 107 bytes.

    Those of bridges that are gone are deleted: they may have been killed.
    """
    prefix = f"exo-{os.getuid()}-"
    for older in Path("/tmp").glob(f"{prefix}*"):
        process = older.name.removeprefix(prefix).partition("-")[0]
        if process.isdecimal() and not is_running(int(process)):
            shutil.rmtree(older, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir="/tmp")


def _require_listener(address: str | None) -> None:
    # Ray tries for minutes, and then does not say what has failed.
    host, _, port = (address or "").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_SECONDS).close()


def _open_desk() -> Any:
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    remote: Any = ray.remote(num_cpus=0, max_restarts=0, max_task_retries=0)(Desk)
    desk = remote.options(scheduling_strategy=here).remote()
    ray.get(desk.answer.remote(0, 0))
    return desk
