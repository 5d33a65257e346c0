"""How request bodies come in: uploads straight to the disk, everything within limits."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from apiflask import APIFlask
from flask import Request, current_app, request
from pydantic import BaseModel
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.routing import IntegerConverter

from backend.errors import BadRequest, Invalid, NoSpace, TooLarge
from backend.services.context import services
from backend.web.json_provider import StrictJSON

MEGABYTE = 1 << 20

# 10,000 candidates as JSON take some 3 MB.
MAX_JSON_BYTES = 8 * MEGABYTE

# What a form takes besides its file.
FORM_OVERHEAD_BYTES = MEGABYTE

# Left free for the database, the log and the checkpoints.
RESERVED_BYTES = 64 * MEGABYTE

_SPACE_CHECK_BYTES = 8 * MEGABYTE

_FORM = "multipart/form-data"


class IncomingFile:
    """An upload on its way to the disk: counted, hashed, and never whole in memory."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self.size = 0
        self._limit = limit
        self._hash = hashlib.sha256()
        self._next_check = _SPACE_CHECK_BYTES
        self._file = open(path, "x+b")  # noqa: SIM115 - closed by `discard` at the request's end

    @property
    def sha256(self) -> str:
        """Of what was written so far, hexadecimal."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        """Take the next piece.

        Raises:
            TooLarge: the file is larger than the server takes.
            NoSpace: the disk is nearly full.
        """
        self.size += len(data)
        if self.size > self._limit:
            raise too_large(self._limit, "a file")
        if self.size > self._next_check:
            self._next_check += _SPACE_CHECK_BYTES
            require_space(self.path.parent, _SPACE_CHECK_BYTES)
        self._hash.update(data)
        return self._file.write(data)

    def discard(self) -> None:
        """Close and delete it; nothing happens when it was put in its place already."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class ExotrainRequest(Request):
    """A request whose uploads become files in `uploads/incoming` while they arrive."""

    # Above the pieces in which Werkzeug parses a form: it counts those too.
    max_form_memory_size = 256 * 1024
    max_form_parts = 20

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.incoming: list[IncomingFile] = []

    def _get_file_stream(self, *_arguments: Any, **_keywords: Any) -> IO[bytes]:
        storage = services().storage
        require_space(storage.incoming, self.content_length or 0)
        file = IncomingFile(storage.new_incoming(), max_upload_bytes())
        self.incoming.append(file)
        return cast(IO[bytes], file)

    def on_json_loading_failed(self, error: ValueError | None) -> NoReturn:
        """Answer 400, with what the parser says."""
        raise BadRequest(f"Expected JSON, received something else: {error}.")


class IdentifierConverter(IntegerConverter):
    """The ids in paths: as many digits as SQLite can hold, and no more."""

    regex = "[0-9]{1,18}"


def init_app(app: APIFlask) -> None:
    """Make an application receive requests in this way."""
    app.request_class = ExotrainRequest
    app.json = StrictJSON(app)
    app.url_map.converters["int"] = IdentifierConverter
    app.before_request(_limit_body)
    app.before_request(_check_query)
    app.before_request(_check_no_body)
    app.teardown_request(_discard_incoming)


def max_upload_bytes() -> int:
    """The largest file that the server takes."""
    return services().settings.max_upload_mb * MEGABYTE


def require_space(folder: Path, size: int) -> None:
    """Make sure that `size` more bytes leave the disk with some to spare.

    Raises:
        NoSpace: they do not.
    """
    free = shutil.disk_usage(folder).free
    if free < size + RESERVED_BYTES:
        raise NoSpace(
            f"Expected {(size + RESERVED_BYTES) / MEGABYTE:,.0f} MB of free disk space, found "
            f"{free / MEGABYTE:,.0f} MB: delete what is not needed, or ask for space."
        )


def too_large(limit: int, what: str) -> TooLarge:
    """The error for more than `limit` bytes."""
    return TooLarge(
        f"Expected {what} of at most {limit / MEGABYTE:,.0f} MB ({limit:,} bytes), received more. "
        "The administrator can raise EXOTRAIN_MAX_UPLOAD_MB."
    )


def received_file(form: BaseModel) -> IncomingFile:
    """The one file of a form whose field `file` was validated.

    Raises:
        Invalid: there are others besides.
    """
    others = sorted(set(request.files) - {"file"})
    if others:
        raise Invalid.field(others[0], "this field is not known here")
    if len(request.files.getlist("file")) > 1:
        raise Invalid.field("file", "expected one file, received several")
    return cast(Any, form).file.stream


def _limit_body() -> None:
    takes_form = _declared("content_type") == _FORM
    if not takes_form:
        request.max_content_length = MAX_JSON_BYTES
        return
    request.max_content_length = max_upload_bytes() + FORM_OVERHEAD_BYTES
    if request.mimetype != _FORM:
        raise UnsupportedMediaType(
            f"Expected {_FORM} with the field `file`, received {request.mimetype or 'no type'}."
        )
    if (request.content_length or 0) > request.max_content_length:
        raise too_large(max_upload_bytes(), "a file")


def _check_query() -> None:
    """Refuse what would otherwise be passed over: unknown names, and names given twice."""
    if not request.path.startswith("/api/") or request.endpoint is None:
        return
    schemas = [schema for schema, location in _declared("args") or () if location == "query"]
    known = {name for schema in schemas for name in schema.model_fields}
    for name in request.args:
        if name not in known:
            raise Invalid.field(name, "this field is not known here")
        if len(request.args.getlist(name)) > 1:
            raise Invalid.field(name, "expected one value, received several")


def _check_no_body() -> None:
    """Refuse a body where none is looked at: what it asks for would be passed over in silence."""
    is_call = request.path.startswith("/api/") and request.endpoint is not None
    if not is_call or request.method in ("GET", "HEAD", "OPTIONS") or _declared("body"):
        return
    if not request.get_data().strip():
        return
    body = request.get_json(force=True)
    if not isinstance(body, dict):
        raise Invalid(f"Expected no body, received JSON of another kind: {body!r:.60}")
    if body:
        raise Invalid.field(str(next(iter(body))), "this field is not known here")


def _declared(key: str) -> Any:
    """What the view of this request declares with APIFlask's decorators."""
    view: Callable | None = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "_spec", {}).get(key)


def _discard_incoming(_error: BaseException | None) -> None:
    for file in cast(ExotrainRequest, request).incoming:
        file.discard()
