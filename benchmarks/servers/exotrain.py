"""The toy application on the project's own server: `python -m benchmarks.servers.exotrain PORT`."""

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from backend.web.http_server.gateway import Gateway
from backend.web.http_server.server import Server
from backend.web.http_server.wsgi import LIMIT
from benchmarks.servers.toy import application

_LARGEST_BODY = 1 << 30


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = Server("127.0.0.1", int(sys.argv[1]))
        server.start(Gateway(limited, ("127.0.0.1",), Path(folder)), (), grace_seconds=3)
        while not server.wait(seconds=60):
            pass


def limited(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The toy application, which takes bodies of up to 1 GB."""
    environ[LIMIT] = _LARGEST_BODY
    return application(environ, start_response)


if __name__ == "__main__":
    main()
