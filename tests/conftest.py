"""What the tests share: an application over a data folder of its own, users, the archive tables."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from backend import create_app
from backend.config import REPOSITORY, Settings
from backend.database import Database
from backend.services.context import Services
from backend.storage.layout import Storage
from backend.web.current import attach, services_of
from backend.web.tokens import ensure_administrator
from tests.api import Api

pytest_plugins = ["tests.skips"]

TOKEN = "test_user_123"

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", REPOSITORY.parent / "shared" / "data"))

_NO_ARCHIVE = (
    f"NO ARCHIVE TABLES in {ARCHIVE_DATA}: set EXOTRAIN_ARCHIVE_DATA to the folder with "
    "koi_cumulative.csv and toi.csv"
)


@pytest.fixture(autouse=True)
def own_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test starts in this process may move the temporary files; the next test has its own.

    A browser that starts in a data folder finds the path of its sockets too long.
    """
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The machine's Chromium; skips loudly where there is none. One for all folders of tests:
    Playwright runs once in a process."""
    from playwright.sync_api import sync_playwright

    from tests.e2e.browser import NO_BROWSER, find_browser, launch

    if find_browser() is None:
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, with a data folder of its own and a known token.

    The tests of access send more wrong tokens a minute than a server answers.
    """
    return Settings(data_dir=tmp_path / "data", token=TOKEN, wrong_tokens=10_000)


@pytest.fixture
def make_client(settings: Settings) -> Iterator[Callable[[Settings], FlaskClient]]:
    """Makes clients of applications of their own, with other settings."""
    made: list[Services] = []

    def make(chosen: Settings) -> FlaskClient:
        app = create_app(chosen)
        made.append(services_of(app))
        ensure_administrator(made[-1].database, chosen)
        return app.test_client()

    yield make
    for services in made:
        services.database.close()


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> APIFlask:
    """Made once for all tests: it keeps nothing of its own, everything is in its services."""
    return create_app(Settings(data_dir=tmp_path_factory.mktemp("data"), token=TOKEN))


@pytest.fixture
def app(application: APIFlask, settings: Settings) -> Iterator[APIFlask]:
    """The application over a fresh data folder; nothing runs in its background."""
    storage = Storage(settings.data_dir)
    storage.make_folders()
    database = Database(settings.data_dir / "exotrain.db")
    ensure_administrator(database, settings)
    attach(application, Services(settings, database, storage))
    yield application
    database.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database, without an application."""
    database = Database(tmp_path / "exotrain.db")
    yield database
    database.close()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    """Flask's test client, without a token."""
    return app.test_client()


@pytest.fixture
def services(app: APIFlask) -> Services:
    """The settings, database and files of the application."""
    return services_of(app)


@pytest.fixture
def without_bin(services: Services) -> None:
    """What is deleted is gone at once, with its files."""
    object.__setattr__(services.settings, "bin_days", 0)


@pytest.fixture
def token() -> str:
    """The administrator's token."""
    return TOKEN


@pytest.fixture
def api(client: FlaskClient, token: str) -> Api:
    """The administrator, who makes calls and checks their status."""
    return Api(client, token)


@pytest.fixture
def key(api: Api) -> str:
    """A workspace of the administrator's."""
    return api.workspace()


@pytest.fixture
def stranger(api: Api) -> Api:
    """Another user, who may use nothing yet."""
    return api.new_user("stranger")


@pytest.fixture(scope="session")
def archive_data() -> Path:
    """The folder with the real tables of the NASA Exoplanet Archive; skips loudly without it."""
    if not (ARCHIVE_DATA / "koi_cumulative.csv").exists():
        pytest.skip(_NO_ARCHIVE)
    return ARCHIVE_DATA
