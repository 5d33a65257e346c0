"""Starts and stops everything around the application.

It takes the lock of the data folder, opens the port, starts the supervisor and the predictor, and
serves until Ctrl-C or SIGTERM. Trainings under way are resumed at the next start.
"""

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

from backend import create_app
from backend.background.predictor import Predictor
from backend.background.supervisor import Supervisor
from backend.config import Settings, SettingsError
from backend.database import Database, models
from backend.services.context import Services
from backend.services.dataset_upload import remove_orphans
from backend.storage.atomic import sha256_of
from backend.storage.layout import Storage
from backend.storage.lock import CannotStart, data_folder_lock
from backend.web.auth import ensure_administrator
from backend.web.current import services_of
from backend.web.http_server import Server

SERVER_THREADS = 16

# Below the ten seconds in which the whole server stops.
REQUEST_GRACE_SECONDS = 3

log = logging.getLogger(__name__)


def main() -> None:
    """Serve until told to stop; exit code 1 when the server cannot start."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stop)
    try:
        settings = Settings.from_environment()
        with data_folder_lock(settings.data_dir):
            serve(settings)
    except (CannotStart, SettingsError) as error:
        sys.exit(f"exotrain cannot start: {error}")
    except KeyboardInterrupt:
        log.info("stopped")


def serve(settings: Settings) -> None:
    """Run the server; returns, or raises KeyboardInterrupt, when it was told to stop.

    Raises:
        CannotStart: the port is taken.
    """
    app = create_app(settings)
    services = services_of(app)
    server = Server((settings.host, settings.port), app, numthreads=SERVER_THREADS)
    server.server_name = "exotrain"
    server.shutdown_timeout = REQUEST_GRACE_SECONDS
    _open_port(server, settings)
    services.storage.prepare()
    remove_orphans(services.database, services.storage)
    _restore_current_models(services.database, services.storage)
    predictor = Predictor(settings)
    supervisor = Supervisor(
        settings,
        services.database,
        services.storage,
        on_new_model=lambda model: predictor.preload(model["file"], model["sha256"]),
    )
    services.predictor, services.supervisor = predictor, supervisor
    try:
        predictor.start()
        supervisor.start()
        _preload_current_models(services.database, predictor)
        _announce(server, services)
        _serve_until_told(server)
    finally:
        supervisor.close()
        predictor.close()
        server.stop()
        services.database.close()
        _leave_threads_behind(settings)


def _open_port(server: Server, settings: Settings) -> None:
    try:
        server.prepare()
    except OSError as error:
        raise CannotStart(
            f"port {settings.port} on {settings.host} cannot be opened ({error}). Choose another "
            f"with EXOTRAIN_PORT, for example: EXOTRAIN_PORT={settings.port + 1} make run"
        ) from error


def _restore_current_models(database: Database, storage: Storage) -> None:
    """Mend what a kill between a promotion's file and its database row left different."""
    with database.read() as connection:
        for model in models.current_models(connection):
            current = storage.current_model(model["workspace_id"])
            is_there = storage.model(model["file"]).exists()
            if is_there and (not current.exists() or sha256_of(current) != model["sha256"]):
                storage.promote(model["workspace_id"], model["file"])


def _preload_current_models(database: Database, predictor: Predictor) -> None:
    with database.read() as connection:
        for model in models.current_models(connection):
            predictor.preload(model["file"], model["sha256"])


def _announce(server: Server, services: Services) -> None:
    settings = services.settings
    token = ensure_administrator(services.database, settings)
    host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else settings.host
    print(f"exotrain is ready at http://{host}:{server.bind_addr[1]}", flush=True)
    if token is not None:
        print(
            f"Your token, shown only this once: {token}\n"
            "Lost it? Stop the server and run: flask --app backend token",
            flush=True,
        )


def _leave_threads_behind(settings: Settings) -> None:
    """End now: a Keras thread in the middle of a batch cannot be ended or waited for."""
    if settings.runner == "thread":
        log.info("stopped")
        logging.shutdown()
        os._exit(0)


def _serve_until_told(server: Server) -> None:
    """Accept connections in a thread of their own while this one waits for a signal.

    A signal raises in the thread that waits, wherever that is: in the midst of handing a connection
    to another thread it left a lock that nobody was told of, and the server did not end.
    """
    accepting = threading.Thread(target=server.serve, name="accepting", daemon=True)
    accepting.start()
    while accepting.is_alive():
        accepting.join(1.0)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # a second one must not break the tidy end
    raise KeyboardInterrupt
