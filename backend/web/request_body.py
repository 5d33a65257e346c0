"""Receives request bodies: uploads go straight to the disk, and everything has a limit."""

from collections.abc import Callable
from functools import wraps
from typing import IO, Any, Literal, NoReturn, TypeVar, cast, get_origin

from apiflask import APIFlask
from flask import Request, current_app, request
from pydantic import BaseModel
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.formparser import FormDataParser
from werkzeug.routing import IntegerConverter

from backend.errors import BadRequest, Invalid
from backend.services.datasets.upload import name_from
from backend.storage.incoming import MEGABYTE, IncomingFile, require_space, too_large
from backend.web.current import services
from backend.web.http_server.wsgi import KEEPS_PART, LIMIT
from backend.web.json_provider import StrictJSON
from backend.web.schemas.base import shown
from backend.web.validation_messages import UNKNOWN_FIELD, unknown_field

# 10,000 candidates as JSON take about 3 MB.
MAX_JSON_BYTES = 8 * MEGABYTE

# The other parts of a form besides its file.
FORM_OVERHEAD_BYTES = MEGABYTE


_FORM = "multipart/form-data"
_BYTES = "application/octet-stream"

# Files of light curves, each of which is open until the request ends, and fields beside them.
MOST_CURVE_FILES = 500
_CURVE_FIELDS = 20

View = TypeVar("View", bound=Callable)


def takes(kind: Literal["curves", "piece"]) -> Callable[[View], View]:
    """Declare that a view takes a form with many files of light curves, or bytes as they are."""

    def declare(view: View) -> View:
        view._spec = {**getattr(view, "_spec", {}), "takes": kind}  # type: ignore[attr-defined]
        return view

    return declare


def or_form(of_form: Callable) -> Callable[[View], View]:
    """Let a view that takes JSON take a form too, by another one.

    Args:
        of_form: the view of the form, with its own schema; it takes no arguments.
    """

    def both(view: View) -> View:
        @wraps(view)
        def either(*arguments: Any, **keywords: Any) -> Any:
            return (of_form if request.mimetype == _FORM else view)(*arguments, **keywords)

        form = of_form._spec["body"]  # type: ignore[attr-defined]
        either._spec = {**view._spec, "form": form}  # type: ignore[attr-defined]
        return cast(View, either)

    return both


class _FormParser(FormDataParser):
    """A parser that says what is wrong where Werkzeug's answers with an empty form."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.silent = False

    def parse(self, stream: IO[bytes], *arguments: Any, **keywords: Any) -> Any:
        """Parse a form.

        Raises:
            BadRequest: the name of a file or a field is not UTF-8.
        """
        try:
            return super().parse(stream, *arguments, **keywords)
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            raise BadRequest(
                "Expected names of fields and files in UTF-8, received the byte "
                f"0x{byte:02x} in the header of a part of the form. Rename the file, or send its "
                "name in UTF-8."
            ) from error
        except ValueError:  # a form without its fields, which are then missed one by one
            return stream, self.cls(), self.cls()


class ExotrainRequest(Request):
    """A request that writes uploads to `uploads/incoming` while they arrive."""

    form_data_parser_class = _FormParser

    # Above the size of the pieces in which Werkzeug parses a form, which count too.
    max_form_memory_size = 256 * 1024
    max_form_parts = 20

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.incoming: list[IncomingFile] = []

    def _get_file_stream(self, *_arguments: Any, **_keywords: Any) -> IO[bytes]:
        storage = services().storage
        require_space(storage.incoming, self.content_length or 0)
        limit, variable = _upload_limit()
        file = IncomingFile(storage.new_incoming(), limit, variable)
        self.incoming.append(file)
        return cast(IO[bytes], file)

    def on_json_loading_failed(self, error: ValueError | None) -> NoReturn:
        """Answer 400 with the message of the parser."""
        raise BadRequest(f"Expected JSON, received something else: {error}.")


class IdentifierConverter(IntegerConverter):
    """The ids in paths: no more digits than SQLite can hold."""

    regex = "[0-9]{1,18}"


def init_app(app: APIFlask) -> None:
    """Make an application receive requests in this way."""
    app.request_class = ExotrainRequest
    app.json = StrictJSON(app)
    app.url_map.converters["int"] = IdentifierConverter
    app.before_request(_limit_body)
    app.before_request(_check_query)
    app.before_request(_check_no_body)
    app.before_request(_check_not_null)
    app.teardown_request(_discard_incoming)


def max_upload_bytes() -> int:
    """The largest file that the server accepts."""
    return services().settings.max_upload_mb * MEGABYTE


def _upload_limit() -> tuple[int, str]:
    """How large what comes with this request may be, and the variable that says so."""
    if declared("takes") is None:
        return max_upload_bytes(), "EXOTRAIN_MAX_UPLOAD_MB"
    return services().settings.max_curves_mb * MEGABYTE, "EXOTRAIN_MAX_CURVES_MB"


def received_file(form: BaseModel) -> IncomingFile:
    """The single file of a form whose field `file` was validated.

    Raises:
        Invalid: there are other files.
    """
    others = sorted(set(request.files) - {"file"})
    if others:
        raise Invalid.field(others[0], UNKNOWN_FIELD)
    if len(request.files.getlist("file")) > 1:
        raise Invalid.field("file", "Expected one file, received several.")
    return cast(Any, form).file.stream


def received_files() -> list[tuple[str, IncomingFile]]:
    """The files of a form in its field `file`, on the disk, each with its sender's name.

    Raises:
        Invalid: there are other files.
    """
    others = sorted(set(request.files) - {"file"})
    if others:
        raise Invalid.field(others[0], "Expected the field `file`, received another one.")
    found = []
    for each in request.files.getlist("file"):
        incoming = cast(IncomingFile, each.stream)
        incoming.flush()
        found.append((name_from(each.filename), incoming))
    return found


def _limit_body() -> None:
    # What a browser asks before a call from another origin has no body.
    is_preflight = request.method == "OPTIONS"
    is_piece = declared("takes") == "piece" and not is_preflight
    is_form_too = declared("form") is not None and request.mimetype == _FORM
    takes_form = (declared("content_type") == _FORM or is_form_too) and not is_preflight
    largest, variable = _upload_limit()
    limit = largest + FORM_OVERHEAD_BYTES if takes_form or is_piece else MAX_JSON_BYTES
    request.max_content_length = request.environ[LIMIT] = limit
    if declared("takes") == "curves" or is_form_too:
        request.max_form_parts = MOST_CURVE_FILES + _CURVE_FIELDS
    if not takes_form and not is_piece:
        return
    wanted = _FORM if takes_form else _BYTES
    if request.mimetype != wanted:
        expected = f"{_FORM} with the field `file`" if takes_form else _BYTES
        raise UnsupportedMediaType(
            f"Expected {expected}, received {request.mimetype or 'no type'}."
        )
    if (request.content_length or 0) > request.max_content_length:
        raise too_large(largest, "a file", variable)
    # It is received whole, then taken apart.
    require_space(services().storage.incoming, 2 * (request.content_length or 0))
    # What has come of a piece is worth keeping.
    request.environ[KEEPS_PART] = is_piece


def _check_query() -> None:
    """Refuse what would otherwise be ignored: unknown names and repeated names."""
    if not request.path.startswith("/api/") or request.endpoint is None:
        return
    schemas = [schema for schema, location in declared("args") or () if location == "query"]
    known = {k: field for schema in schemas for k, field in schema.model_fields.items()}
    for name in request.args:
        if name not in known:
            raise Invalid.field(name, unknown_field(name, known))
        is_repeatable = get_origin(known[name].annotation) is list
        if len(request.args.getlist(name)) > 1 and not is_repeatable:
            raise Invalid.field(name, "Expected one value, received several.")


def _check_no_body() -> None:
    """Refuse a body where none is read: what it asks for would be ignored silently."""
    is_call = request.path.startswith("/api/") and request.endpoint is not None
    if not is_call or request.method in ("GET", "HEAD", "OPTIONS") or declared("body"):
        return
    if declared("takes") == "piece":
        return
    if not request.get_data().strip():
        return
    body = request.get_json(force=True)
    if not isinstance(body, dict):
        raise Invalid(f"Expected no body or an empty JSON object, received {shown(body)}.")
    if body:
        raise Invalid.field(str(next(iter(body))), UNKNOWN_FIELD)


def _check_not_null() -> None:
    """Refuse null, which APIFlask takes for an object without fields."""
    if declared("body") and request.is_json and request.get_json() is None:
        raise Invalid("Expected a JSON object, received null.")


def declared(key: str) -> Any:
    """What the view of this request declares with APIFlask's decorators."""
    view: Callable | None = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "_spec", {}).get(key)


def _discard_incoming(_error: BaseException | None) -> None:
    for file in cast(ExotrainRequest, request).incoming:
        file.discard()
