"""Trains one session on a node: brings its files, judges its worker, sends back what it writes."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from backend import wire
from backend.background.workers.pulse import TICK_SECONDS
from backend.cluster.desk import Answer
from backend.cluster.messages import Beat, FileBegins, Message, Piece, Reported, Said, Unfit
from backend.cluster.node import workers
from backend.cluster.node.folder import NodeFolder
from backend.storage.atomic import sha256_of_open
from backend.storage.layout import Storage

PIECE_BYTES = 4 << 20

# Between two looks at the desk, and how long the desk may not be heard before the session ends.
ASK_SECONDS = 1.0
UNHEARD_SECONDS = 90.0

# A session that has nothing to say for so long says that it is there.
BEAT_SECONDS = 20.0

# Between two looks at the checkpoint.
_LOOK_SECONDS = 0.25

# What a worker prints beyond that waits for nothing and is lost.
_MOST_LINES = 1000


class Session:
    """One start of a session.

    Args:
        job: what the server sent.
        needs: what it has reserved.
        folder: of this node.
        ask: what the desk says of this start; raises what Ray raises.
        prepares: whether a worker is prepared for the next session meanwhile.
    """

    def __init__(
        self,
        job: wire.Train,
        needs: wire.Needs,
        folder: NodeFolder,
        ask: Callable[[], Answer],
        *,
        prepares: bool,
    ) -> None:
        self._job = job
        self._needs = needs
        self._folder = folder
        self._ask = ask
        self._prepares = prepares
        self._messages: queue.Queue[wire.ReportedEvent | Said] = queue.Queue()
        self._checkpoint_seen: tuple[int, int] | None = None
        self._is_over = threading.Event()
        self._is_unwanted = threading.Event()

    def run(self, bring: Callable[[Path], None]) -> Iterator[Message]:
        """Train it; yield what happens, the last is that its worker is gone.

        Args:
            bring: puts the files of the session into a data folder.
        """
        try:
            worker = self._begun(bring)
        except (OSError, RuntimeError, MemoryError) as error:  # no room, no thread, damaged bytes
            yield Unfit(wire.encodable(f"{type(error).__name__}: {str(error)[:300]}"))
            return
        try:
            for target in (self._judge, self._listen_to_desk):
                threading.Thread(target=target, args=(worker,), daemon=True).start()
            yield from self._pass_on(worker)
        finally:
            self._is_over.set()
            worker.end()

    def _begun(self, bring: Callable[[Path], None]) -> workers.Worker:
        """A worker that has the session; the second, if the one that waited is gone."""
        self._folder.sweep()
        worker = workers.take(self._folder, self._needs)
        for _ in range(2):
            try:
                bring(worker.data)
                self._checkpoint_seen = _identity(self._checkpoint_of(worker.data))
                if worker.begin(self._job, self._hear, self._print):
                    return worker
            except BaseException:
                worker.end()
                raise
            worker.end()
            worker = workers.Worker(self._folder, self._needs)
        worker.end()
        raise RuntimeError("no worker stays long enough to take a session")

    def _pass_on(self, worker: workers.Worker) -> Iterator[Message]:
        # A worker that waits would hold, or have, another graphics card than the next session.
        is_prepared = not self._prepares or self._needs.gpus > 0
        spoke = time.monotonic()
        while not self._is_unwanted.is_set():
            try:
                found = self._messages.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                found = None
            if found is not None:
                spoke = time.monotonic()
            elif time.monotonic() - spoke > BEAT_SECONDS:
                spoke = time.monotonic()
                yield Beat()
            if worker.has_learnt and not is_prepared:
                is_prepared = True
                workers.prepare(self._folder, self._needs)
            if isinstance(found, Said):
                yield found
                continue
            # Before what follows from it: a session that ends can go on from its last epoch.
            yield from self._changed_checkpoint(worker.data)
            if found is None:
                continue
            if isinstance(found, wire.Saved):
                yield from self._model(worker.data)
            yield Reported(wire.encode(found))
            if isinstance(found, wire.Exited):
                return

    def _hear(self, _job: wire.Train, event: wire.ReportedEvent) -> None:
        self._messages.put(event)

    def _print(self, line: bytes) -> None:
        if self._messages.qsize() < _MOST_LINES:
            self._messages.put(Said(line))

    def _judge(self, worker: workers.Worker) -> None:
        last = time.monotonic()
        while not self._is_over.wait(TICK_SECONDS):
            now = time.monotonic()
            worker.tick(now - last)
            last = now

    def _listen_to_desk(self, worker: workers.Worker) -> None:
        heard = time.monotonic()
        has_stopped = False
        while not self._is_over.wait(ASK_SECONDS):
            try:
                answer: Answer = self._ask()
                heard = time.monotonic()
            except Exception:
                # The bridge is gone, and whatever this session does is for nobody.
                answer = "end" if time.monotonic() - heard > UNHEARD_SECONDS else "go on"
            if answer == "end":
                self._is_unwanted.set()
                return
            if answer == "stop" and not has_stopped:
                has_stopped = True
                worker.stop()

    def _checkpoint_of(self, data: Path) -> Path:
        return Storage(data).checkpoint(self._job.session_id, self._job.start)

    def _changed_checkpoint(self, data: Path) -> Iterator[Message]:
        path = self._checkpoint_of(data)
        found = _identity(path)
        if found is not None and found != self._checkpoint_seen:
            self._checkpoint_seen = found
            yield from _file(path, data)

    def _model(self, data: Path) -> Iterator[Message]:
        # The model last: where it is, the others are too.
        for path in reversed(Storage(data).model_files(self._job.model_file)):
            if path.exists():
                yield from _file(path, data)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which version of a file that is always replaced, never changed; None: there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _file(path: Path, data: Path) -> Iterator[Message]:
    """A file in pieces: as it is now, even if it is replaced meanwhile."""
    with open(path, "rb") as file:
        sha256 = sha256_of_open(file)
        size = file.tell()
        file.seek(0)
        yield FileBegins(path.relative_to(data).as_posix(), size, sha256)
        while piece := file.read(PIECE_BYTES):
            yield Piece(piece)
