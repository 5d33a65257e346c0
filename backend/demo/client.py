"""The demo's HTTP client: JSON, and one file in a form, using only the standard library."""

import json
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

Answer = dict[str, Any]

# The server may wait for a worker before it answers; its health it knows at once.
_ANSWER_SECONDS = 150
_HEALTH_SECONDS = 5

# A server that is too busy says for how long; the demo waits, but not for ever.
_BUSY = (429, 503)
_LONGEST_WAIT_SECONDS = 120


class DemoFailed(RuntimeError):
    """The demo cannot go on; the message says why and what to do."""


class Api:
    """The API of a server, called with one user's token."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.token = token

    def get(self, path: str) -> Answer:
        """GET JSON."""
        return self._call(path, None, {})

    def post(self, path: str, **fields: Any) -> Answer:
        """POST JSON."""
        body = json.dumps(fields).encode()
        return self._call(path, body, {"Content-Type": "application/json"})

    def upload(self, path: str, file: Path, **fields: str) -> Answer:
        """POST a small file and some fields as a form."""
        disposition = f'name="file"; filename="{file.name}"'
        return self._post_form(path, [*_as_parts(fields), (disposition, file.read_bytes())])

    def post_form(self, path: str, **fields: str) -> Answer:
        """POST some fields as a form."""
        return self._post_form(path, _as_parts(fields))

    def put_piece(self, path: str, start: int, piece: bytes, total: int) -> Answer:
        """PUT a piece of a file of `total` bytes, which begins at byte `start`."""
        place = f"bytes {start}-{start + len(piece) - 1}/{total}"
        headers = {"Content-Range": place, "Content-Type": "application/octet-stream"}
        return self._call(path, piece, headers, method="PUT")

    def download(self, path: str) -> bytes:
        """GET a file."""
        return self._send(path, None, {}, _ANSWER_SECONDS, _LONGEST_WAIT_SECONDS)

    def is_healthy(self) -> bool:
        """Whether a server answers at this address, and is healthy or says what it lacks."""
        try:
            answer = self._call("/api/health", None, {}, _HEALTH_SECONDS, patience=0)
            return answer["status"] in ("healthy", "degraded")
        except (ValueError, KeyError, DemoFailed):
            return False

    def _post_form(self, path: str, parts: list[tuple[str, bytes]]) -> Answer:
        boundary = uuid.uuid4().hex
        body = b"".join(_form_part(boundary, *part) for part in parts)
        body += f"--{boundary}--\r\n".encode()
        return self._call(path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def _call(
        self,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        timeout: float = _ANSWER_SECONDS,
        patience: int = _LONGEST_WAIT_SECONDS,
        method: str | None = None,
    ) -> Answer:
        sent = self._send(path, body, headers, timeout, patience, method)
        answer: Answer = json.loads(sent)
        return answer

    def _send(
        self,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        timeout: float,
        patience: int,
        method: str | None = None,
    ) -> bytes:
        headers = {**headers, "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        while True:
            try:
                with urllib.request.urlopen(request, timeout=timeout) as answer:
                    content: bytes = answer.read()
                    return content
            except urllib.error.HTTPError as error:
                seconds = _seconds_to_wait(error)
                if seconds is None or seconds > patience:
                    raise DemoFailed(_explain_refusal(path, error)) from error
            except OSError as error:
                raise DemoFailed(
                    f"the server at {self.address} does not answer ({error}); see its log, "
                    "exotrain.log in the data folder"
                ) from error
            patience -= seconds
            time.sleep(seconds)


def _as_parts(fields: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(f'name="{name}"', value.encode()) for name, value in fields.items()]


def _form_part(boundary: str, disposition: str, content: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def _seconds_to_wait(error: urllib.error.HTTPError) -> int | None:
    """The seconds after which a busy server wants to be asked again, or None."""
    seconds = error.headers.get("Retry-After", "")
    is_number = seconds.isascii() and seconds.isdigit()
    return max(1, int(seconds)) if error.code in _BUSY and is_number else None


def _explain_refusal(path: str, error: urllib.error.HTTPError) -> str:
    if error.code == 401:
        return (
            "the running server does not accept this token: stop the server with `make stop`, or "
            "set EXOTRAIN_TOKEN to its token"
        )
    return f"{path} answered {error.code}: {error.read(2000).decode(errors='replace')}"
