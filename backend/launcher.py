"""Start the server with everything that it needs, and stop it.

Takes the lock on the data folder, opens the port, starts the supervisor and the predictor, and
serves until Ctrl-C or SIGTERM. Sessions that are still training resume at the next start.
"""

import logging
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from backend import create_app, log_format
from backend.background.predictor import Predictor
from backend.background.supervisor import Supervisor, SupervisorEnded
from backend.config import ANY_HOST, Settings, SettingsError
from backend.database import Database, audit, models
from backend.services.context import Services
from backend.services.dataset_upload import remove_orphans
from backend.services.stored_sizes import measure_stored
from backend.storage.atomic import sha256_of
from backend.storage.layout import Storage
from backend.storage.lock import CannotStart, data_folder_lock
from backend.storage.permissions import keep_private, tighten
from backend.web.auth import ensure_administrator
from backend.web.current import services_of
from backend.web.http_server.gateway import Gateway
from backend.web.http_server.server import Server

# How long a request may take to finish when the server stops; the whole stop may take ten seconds.
REQUEST_GRACE_SECONDS = 3

log = logging.getLogger(__name__)


def main() -> None:
    """Serve until asked to stop; exit with code 1 if the server cannot start."""
    log_format.set_up("%(asctime)s %(levelname)s %(name)s: %(message)s")
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stop)
    keep_private()
    try:
        settings = Settings.from_environment()
        with data_folder_lock(settings.data_dir):
            tighten(settings.data_dir)
            serve(settings)
    except (CannotStart, SettingsError) as error:
        sys.exit(f"exotrain cannot start: {error}")
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
        CannotStart: the port is taken.
        KeyboardInterrupt: it was asked to stop.
        SupervisorEnded: the session queue cannot be restarted.
    """
    app = create_app(settings)
    services = services_of(app)
    server = _open_port(settings)
    gateway = Gateway(app, settings.names, services.storage.incoming)
    services.storage.prepare()
    remove_orphans(services.database, services.storage)
    measure_stored(services.database, services.storage)
    _forget_old_audit_entries(services)
    _restore_current_models(services.database, services.storage)
    predictor = Predictor(settings)
    supervisor = Supervisor(
        settings,
        services.database,
        services.storage,
        on_new_model=lambda model: predictor.preload(model["file"], model["sha256"]),
        troubles=services.troubles,
    )
    services.predictor, services.supervisor = predictor, supervisor
    try:
        services.wrong_tokens.start()
        predictor.start()
        supervisor.start()
        _preload_current_models(services.database, predictor)
        server.start(gateway, settings.trusted_proxies, REQUEST_GRACE_SECONDS)
        _announce(server, services)
        while not server.wait(seconds=1.0):
            supervisor.check()
    finally:
        supervisor.close()
        predictor.close()
        server.stop()
        gateway.close()
        services.wrong_tokens.close()
        services.database.close()


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
    if ANY_HOST in settings.names and not settings.allowed_hosts:
        log.info(
            "the server answers to any host name: set EXOTRAIN_ALLOWED_HOSTS to the names that it "
            "is reached by"
        )
    print(f"exotrain is ready at http://{host}:{server.port}", flush=True)
    if token is not None:
        print(
            f"Your token, shown only this once: {token}\n"
            "Lost it? Stop the server and run: flask --app backend token",
            flush=True,
        )


def _exit_despite_threads(code: int) -> NoReturn:
    """Exit at once: a thread in a Keras batch or a long request can be neither ended nor joined."""
    logging.shutdown()
    os._exit(code)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # a second signal must not interrupt the shutdown
    raise KeyboardInterrupt
