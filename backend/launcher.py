"""Start the server with everything that it needs, and stop it.

Takes the lock on the data folder, opens the port, starts the supervisor and the predictor, and
serves until Ctrl-C or SIGTERM. Sessions that are still training resume at the next start,
and so does a catalogue that is being predicted. Whatever
fails before the server is ready ends the process, with a last line that says why.
"""

import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn, Protocol

from sqlalchemy.exc import DBAPIError

from backend import create_app, log_format
from backend.background.cluster.ray_runner import RayRunner
from backend.background.predictor import Predictor
from backend.background.supervisor import Supervisor, SupervisorEnded
from backend.backup.restore import PARTIAL_FOLDER
from backend.config import ANY_HOST, Settings, SettingsError
from backend.database import Database, audit, models
from backend.database.connection import DatabaseBusy, Record
from backend.database.file.soundness import UnknownSchemaVersion
from backend.errors import ModelCorrupt
from backend.services.batch_jobs.runner import BatchRunner
from backend.services.bin.emptying import empty
from backend.services.bin.keeper import BinKeeper
from backend.services.context import Services
from backend.services.curves.preparer import ViewPreparer
from backend.services.curves.runner import CurveRunner
from backend.services.curves.server_folder import ServerFolder
from backend.services.leftovers import remove_leftovers
from backend.services.monitoring import numbers
from backend.services.stored_sizes import measure_stored
from backend.services.studies.start import has_space
from backend.storage import disk, temporary
from backend.storage.atomic import sha256_of
from backend.storage.layout import Storage
from backend.storage.lock import CannotStart, data_folder_lock
from backend.storage.permissions import keep_private, tighten
from backend.web.current import services_of
from backend.web.http_server.gateway import Gateway
from backend.web.http_server.server import Server
from backend.web.tokens import ensure_administrator
from backend.web.tracing.access_log import AccessLog
from backend.web.tracing.observer import observer_of

# How long a request may take to finish when the server stops; the whole stop may take ten seconds.
REQUEST_GRACE_SECONDS = 3
MOST_STOPPING_SECONDS = 9.5

_EMPTYING_SECONDS = 2.0  # then the thread of the bin goes on

log = logging.getLogger(__name__)


class _Lasting(Protocol):
    """What has a thread that works until the end."""

    def check(self) -> None:
        """Start the thread again if it has ended."""


def main() -> None:
    """Serve until asked to stop; exit with code 1 if the server cannot start."""
    log_format.set_up("%(asctime)s %(levelname)s %(name)s: %(message)s")
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stop)
    keep_private()
    try:
        serve(Settings.from_environment())
    except (CannotStart, SettingsError) as error:
        log_format.say_last(f"exotrain cannot start: {error}")
    except KeyboardInterrupt:
        log.info("stopped")
        _exit_despite_threads(0)
    except SupervisorEnded as error:
        log.critical("exotrain ends: %s", error)
    except Exception:
        log.exception("exotrain ends because of an error of its own")
    else:
        log.critical("exotrain ends: its HTTP server ended by itself")
    _exit_despite_threads(1)


def serve(settings: Settings) -> None:
    """Run the server until it is asked to stop; return if the server ended by itself.

    Raises:
        CannotStart: something that the server needs is not as it must be.
        KeyboardInterrupt: it was asked to stop.
        SupervisorEnded: the session queue cannot be restarted.
    """
    with ExitStack() as closing:
        try:
            with _starting(settings.data_dir):
                closing.enter_context(data_folder_lock(settings.data_dir))
                server, threads = _start(settings, closing)
            while not server.wait(seconds=1.0):
                for each in threads:
                    each.check()
        finally:
            _end_within(MOST_STOPPING_SECONDS, sys.exc_info()[1])


def _start(settings: Settings, closing: ExitStack) -> tuple[Server, tuple[_Lasting, ...]]:
    """Start everything; `closing` is told how to end what was started, the last one first."""
    tighten(settings.data_dir)
    _remove_partial_restore(settings.data_dir / PARTIAL_FOLDER)
    storage = Storage(settings.data_dir)
    storage.prepare()
    temporary.use(storage.temporary)
    app = create_app(settings)
    services = services_of(app)
    closing.callback(services.database.close)
    server = _open_port(settings)
    access_log = AccessLog(is_wanted=settings.log == "json")
    observe = observer_of(services, access_log)
    gateway = Gateway(app, settings.names, storage.incoming, observe)
    _put_in_order(services)
    predictor = Predictor(settings)
    supervisor = Supervisor(
        settings,
        services.database,
        storage,
        on_new_model=lambda model: _preload(predictor, model),
        troubles=services.troubles,
        has_space=partial(has_space, services),
    )
    services.predictor, services.supervisor = predictor, supervisor
    if isinstance(supervisor.runner, RayRunner):
        _add_cluster(services, supervisor.runner)
    services.metrics.add("epochs", lambda: numbers.epochs(supervisor.epochs))
    for close in (access_log.close, services.wrong_tokens.close, gateway.close, server.stop):
        closing.callback(close)
    access_log.start()
    services.wrong_tokens.start()
    predictor.start()
    closing.callback(predictor.close)
    supervisor.start()
    closing.callback(supervisor.close)
    batches = services.batch_runner = BatchRunner(services)
    batches.start()
    closing.callback(batches.close)
    curves = services.curve_runner = CurveRunner(services)
    curves.start()
    closing.callback(curves.close)
    folder = _start_server_folder(services, closing)
    preparer = services.view_preparer = ViewPreparer(services)
    preparer.start()
    closing.callback(preparer.close)
    keeper = services.bin_keeper = BinKeeper(services)
    keeper.start()
    closing.callback(keeper.close)
    _preload_current_models(services.database, predictor)
    # Before the first request, which may bring this token.
    token = ensure_administrator(services.database, settings)
    try:
        server.start(gateway, settings.trusted_proxies, REQUEST_GRACE_SECONDS)
        _announce(server, settings)
    finally:
        if token is not None:
            _show(token)
    return server, (supervisor, batches, curves, *folder, preparer, keeper)


def _start_server_folder(services: Services, closing: ExitStack) -> tuple[ServerFolder, ...]:
    """Index the server's folder of light curves, if there is one."""
    root = services.settings.light_curves_dir
    if root is None:
        return ()
    folder = services.server_folder = ServerFolder(services, root)
    folder.start()
    closing.callback(folder.close)
    return (folder,)


def _add_cluster(services: Services, runner: RayRunner) -> None:
    services.cluster_predictions = runner.predictions
    services.metrics.add(
        "cluster", lambda: numbers.cluster(is_reachable=runner.is_reachable, nodes=runner.nodes)
    )


def _remove_partial_restore(folder: Path) -> None:
    """Remove what a killed restore left; whoever restores has the lock that this server has now."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        log.warning("%s is of a restore that was killed, and cannot be deleted: it stays", folder)


def _put_in_order(services: Services) -> None:
    """Make files and database agree, whatever happened to either since the last end."""
    database, storage = services.database, services.storage
    remove_leftovers(database, storage)
    measure_stored(database, storage)
    until = time.monotonic() + _EMPTYING_SECONDS
    empty(services, lambda: time.monotonic() >= until)
    _forget_old_audit_entries(services)
    _restore_current_models(database, storage)
    services.tables.rebuild_missing()


@contextmanager
def _starting(data_dir: Path) -> Iterator[None]:
    """Say in one line what is not as it must be, where that is known.

    Raises:
        CannotStart: it is the machine, the data folder or the database.
    """
    try:
        yield
    except CannotStart:
        raise
    except OSError as error:
        raise CannotStart(_in_words(error, data_dir)) from error
    except DBAPIError as error:
        file = data_dir / "exotrain.db"
        full = disk.why_full(file)
        why = disk.full_message(full, data_dir) if full else f"{file}: {error.orig}"
        raise CannotStart(why) from error
    except (UnknownSchemaVersion, DatabaseBusy) as error:
        raise CannotStart(str(error)) from error
    except Exception as error:
        log.exception("the start failed")
        raise CannotStart(f"{type(error).__name__}: {error}") from error


def _in_words(error: OSError, data_dir: Path) -> str:
    if disk.is_full(error):
        return disk.full_message(error, data_dir)
    where = f"{error.filename}: " if error.filename else ""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{where}expected a folder, found something else."
    if isinstance(error, PermissionError):
        return f"{where}the server's user may not read or change it ({error.strerror})."
    return f"{where}{error.strerror or error}."


def _open_port(settings: Settings) -> Server:
    try:
        return Server(settings.host, settings.port)
    except OSError as error:
        raise CannotStart(
            f"port {settings.port} on {settings.host} cannot be opened ({error}). Choose another "
            f"with EXOTRAIN_PORT, for example: EXOTRAIN_PORT={settings.port + 1} make run"
        ) from error


def _forget_old_audit_entries(services: Services) -> None:
    """Delete what became too old, or too much by a new setting, while the server was stopped."""
    keep = audit.Keep(services.settings.audit_entries, services.settings.audit_days)
    with services.database.write() as connection:
        audit.prune(connection, keep)


def _restore_current_models(database: Database, storage: Storage) -> None:
    """Repair a promotion interrupted between copying the file and committing the row."""
    with database.read() as connection:
        for model in models.current_models_and_hidden(connection):
            current = storage.current_model(model["workspace_id"])
            try:
                with suppress(OSError):  # what cannot be read is written anew
                    if current.is_file() and sha256_of(current) == model["sha256"]:
                        continue
                storage.promote(model["workspace_id"], model["file"], model["sha256"])
            except ModelCorrupt as error:  # the copy stays as it is
                log.error("model %d, which is current, cannot be used. %s", model["id"], error)
            except OSError as error:  # nothing but people reads it
                log.error("the copy %s cannot be written: %s", current, error)


def _preload_current_models(database: Database, predictor: Predictor) -> None:
    with database.read() as connection:
        for model in models.current_models(connection):
            _preload(predictor, model)


def _preload(predictor: Predictor, model: Record) -> None:
    predictor.preload(model["file"], model["sha256"], models.neighbours_sha256(model))


def _announce(server: Server, settings: Settings) -> None:
    host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else settings.host
    if ANY_HOST in settings.names and not settings.allowed_hosts:
        log.info(
            "the server answers to any host name: set EXOTRAIN_ALLOWED_HOSTS to the names that it "
            "is reached by"
        )
    host = f"[{host}]" if ":" in host else host
    print(f"exotrain is ready at http://{host}:{server.port}", flush=True)


def _show(token: str) -> None:
    print(
        f"Your token, shown only this once: {token}\n"
        "Lost it? Stop the server and run: flask --app backend token",
        flush=True,
    )


def _end_within(seconds: float, reason: BaseException | None) -> None:
    """End the process if what it closes now takes longer; say the reason that nobody else will."""

    def end() -> None:
        log.critical("exotrain ends: something could not be closed within %g s", seconds)
        if isinstance(reason, CannotStart):
            log_format.say_last(f"exotrain cannot start: {reason}")
        _exit_despite_threads(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    with suppress(RuntimeError):  # no thread is left: then it takes as long as it takes
        timer.start()


def _exit_despite_threads(code: int) -> NoReturn:
    """Exit at once: a thread in a Keras batch or a long request can be neither ended nor joined."""
    logging.shutdown()
    os._exit(code)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # a second signal must not interrupt the shutdown
    raise KeyboardInterrupt
