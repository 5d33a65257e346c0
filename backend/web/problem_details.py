"""Turns every error into the same form of response: RFC 9457, `application/problem+json`.

`{type, title, status, detail, errors?: [{field?, row?, column?, message}]}`; a catalogue that
cannot be read also has `found`, `missing` and `recognised`, lists of column names.
"""

import errno
import logging
import os
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app, request
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from backend import request_ids, shortage
from backend.background.predictor import PredictionFailed
from backend.database.connection import DatabaseBusy, is_locked
from backend.errors import DiskFull, ErrorItem, Invalid, UserError
from backend.services.bin.room import relieve_disk, relieve_full_disk
from backend.shortage import is_shortage
from backend.storage import disk
from backend.storage.incoming import MEGABYTE
from backend.transit.catalog.names.read_as import ReadAsError
from backend.transit.catalog.reader import CatalogError
from backend.web.auth import changes_nothing
from backend.web.current import services
from backend.web.request_body import declared
from backend.web.validation_messages import field_errors, summary

log = logging.getLogger(__name__)


def init_app(app: APIFlask) -> None:
    """Answer every error of an application in this form."""
    app.register_error_handler(UserError, _user_error)
    app.register_error_handler(HTTPError, _apiflask_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CatalogError, _catalog_error)
    app.register_error_handler(ReadAsError, _read_as_error)
    app.register_error_handler(PredictionFailed, _prediction_failed)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(DatabaseBusy, _database_busy)
    app.register_error_handler(OSError, _os_error)
    app.register_error_handler(Exception, _unforeseen)


def problem(
    status: int, detail: str, errors: Iterable[ErrorItem] = (), **extensions: Any
) -> Response:
    """A response in this form; `extensions` are further members of the problem."""
    title = HTTP_STATUS_CODES.get(status, "Error")
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
    }
    listed = list(errors)
    if listed:
        body["errors"] = listed
    body |= extensions
    response = Response(current_app.json.dumps(body, separators=(",", ":")), status)
    # UTF-8 by definition, like JSON: a charset would be wrong.
    response.headers["Content-Type"] = "application/problem+json"
    return response


def _user_error(error: UserError) -> Response:
    if isinstance(error, DiskFull):
        relief = _relief(lambda: relieve_disk(services(), error.missing, partly=False))
        if relief:
            return problem(error.status, f"{error.detail} {relief}")
    extensions = {"code": error.code} if error.code else {}
    response = problem(error.status, error.detail, error.errors, **extensions)
    response.headers.extend(error.headers)
    return response


def _apiflask_error(error: HTTPError) -> Response:
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        return _invalid(cause)
    return problem(error.status_code, str(error.message))


def _invalid(error: ValidationError) -> Response:
    """The 422 for a body or query that does not match its schema."""
    queries = [model for model, _ in declared("args") or ()]
    bodies = declared("body"), declared("form")
    models = {model.__name__: model for model in (*bodies, *queries) if model}
    errors = field_errors(error, models[error.title])
    return problem(422, summary(errors), errors)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 413:
        detail = _too_large_detail()
    elif status == 404:
        detail = f"There is nothing at {request.path}."
    elif status == 405:
        detail = f"{request.path} does not accept {request.method}."
    else:
        detail = error.description or error.name
    response = problem(status, detail)
    skipped = ("content-type", "content-length")
    response.headers.extend([h for h in error.get_headers() if h[0].lower() not in skipped])
    return response


def _too_large_detail() -> str:
    limit = request.max_content_length
    received = request.content_length
    size = "" if received is None else f", received {received:,} bytes"
    return f"Expected a request of at most {limit or 0:,} bytes with few parts{size}."


def _catalog_error(error: CatalogError) -> Response:
    errors: list[ErrorItem] = [
        {"column": column, "message": "This required column is missing."}
        for column in error.missing
    ]
    errors += [
        {
            "row": each.line,
            **({"column": each.column} if each.column else {}),
            "message": each.message,
        }
        for each in error.rejections
    ]
    return problem(
        422,
        str(error),
        errors,
        found=error.found,
        missing=error.missing,
        recognised=error.recognised,
        units=error.units,
        tables=error.tables,
    )


def _read_as_error(error: ReadAsError) -> Response:
    return _user_error(Invalid.field(error.field, str(error)))


def _prediction_failed(error: PredictionFailed) -> Response:
    response = problem(503, str(error))
    response.headers["Retry-After"] = "60"
    return response


def _database_error(error: DBAPIError) -> Response:
    if isinstance(error, IntegrityError) and "FOREIGN KEY" in str(error.orig):
        return problem(409, "The parent record was deleted; refresh and retry.")
    full = _what_is_full(error)
    if full is not None:
        return _disk_full(full)
    if is_locked(error):
        return _database_busy(error)
    return _short(error) if is_shortage(error.orig) else _unexpected(error)


def _database_busy(error: Exception) -> Response:
    log.warning("the database is locked: %s", error)
    detail = str(error) if isinstance(error, DatabaseBusy) else "The database is locked."
    response = problem(503, detail)
    response.headers["Retry-After"] = "5"
    return response


def _os_error(error: OSError) -> Response:
    return _disk_full(error) if disk.is_full(error) else _unforeseen(error)


def _unforeseen(error: Exception) -> Response:
    return _short(error) if is_shortage(error) else _unexpected(error)


def _short(error: Exception) -> Response:
    log.error("the server is short of memory, threads or open files: %s", error)
    response = problem(503, shortage.MESSAGE)
    response.headers["Retry-After"] = str(shortage.RETRY_SECONDS)
    return response


def _what_is_full(error: DBAPIError) -> OSError | None:
    """Why the database could not grow, if that is why a statement failed.

    SQLite has a code for a disk without room, but none for a quota or for the largest size of a
    file: then it says only that it could not write.
    """
    said = str(error.orig)
    if "disk is full" not in said and "disk I/O error" not in said:
        return None
    found = disk.why_full(services().settings.data_dir / "exotrain.db")
    if found is None and "disk is full" in said:  # there is room again
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return found


def _disk_full(error: OSError) -> Response:
    message = disk.full_message(error, services().settings.data_dir)
    log.error("%s (%s)", message, error)
    relief = _relief(lambda: relieve_full_disk(services(), error))
    advice = "Delete datasets or models, also from the bin, or ask for more space."
    return problem(507, f"{message} {relief or advice}")


def _relief(relieve: Callable[[], int]) -> str:
    """What the bin gives up for a full disk, in words; empty: nothing, as for who only reads."""
    size = 0 if changes_nothing() else relieve()
    if not size:
        return ""
    megabytes = max(0.1, size / MEGABYTE)
    return (
        f"To make room the oldest things in the bin, {megabytes:,.1f} MB, were deleted for good: "
        "try again in a few seconds."
    )


def _unexpected(error: Exception) -> Response:
    # The user can't repair it: only a number is shown, by which the log entry is found.
    number = secrets.token_hex(6)
    # The route, not the path: that may hold a workspace's key.
    route = request.url_rule.rule if request.url_rule else "no route"
    log.error("error %s: %s %s", number, request.method, route, exc_info=error)
    detail = f"Internal error. The server's log has the details under {number}."
    request_id = request_ids.current.get()
    return problem(500, detail, (), **({"request_id": request_id} if request_id else {}))
