"""A server on a free port, in this process."""

import http.client
from contextlib import closing

import pytest

from backend.web.current import services_of
from backend.web.http_server.gateway import Gateway
from backend.web.http_server.server import Server
from backend.web.tracing.access_log import AccessLog
from backend.web.tracing.observer import observer_of


class Served:
    """An application that is served, and one way to ask it."""

    def __init__(self, app, server):
        self.app = app
        self.services = services_of(app)
        self._server = server

    def ask(self, method, path, body=None, **headers):
        """The status, the headers and the body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(connection):
            connection.request(method, path, body, named)
            response = connection.getresponse()
            return response.status, response.headers, response.read()


@pytest.fixture
def served(make_client, settings):
    app = make_client(settings).application
    server = Server("127.0.0.1", 0)
    services = services_of(app)
    names = ("127.0.0.1",)
    access_log = AccessLog(is_wanted=True)
    access_log.start()
    observe = observer_of(services, access_log)
    gateway = Gateway(app, names, services.storage.incoming, observe)
    server.start(gateway, trusted_proxies=(), grace_seconds=1)
    yield Served(app, server)
    server.stop()
    gateway.close()
    access_log.close()
