"""Every error as the one form in which it is answered: RFC 9457, `application/problem+json`.

`{type, title, status, detail, errors?: [{field?, row?, column?, message}]}`; a catalogue that
cannot be read also has `found`, `missing` and `recognised`, lists of column names.
"""

import errno
import logging
import secrets
from collections.abc import Iterable
from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app, request
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from backend.background.predictor import PredictionFailed
from backend.errors import Problem, UserError, field_errors, summary
from backend.transit.catalog.reader import CatalogError

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)

log = logging.getLogger(__name__)


def init_app(app: APIFlask) -> None:
    """Answer every error of an application in the one form."""
    app.register_error_handler(UserError, _user_error)
    app.register_error_handler(HTTPError, _apiflask_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CatalogError, _catalog_error)
    app.register_error_handler(PredictionFailed, _prediction_failed)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(OSError, _os_error)
    app.register_error_handler(Exception, _unexpected)


def problem(
    status: int, detail: str, errors: Iterable[Problem] = (), **extensions: Any
) -> Response:
    """An answer in the one form; `extensions` are members of its own that a problem may have."""
    title = HTTP_STATUS_CODES.get(status, "Error")
    body: Problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    listed = list(errors)
    if listed:
        body["errors"] = listed
    body |= extensions
    response = Response(current_app.json.dumps(body, separators=(",", ":")), status)
    # Of the same family as JSON: it is UTF-8 by definition, a charset would be wrong.
    response.headers["Content-Type"] = "application/problem+json"
    return response


def _user_error(error: UserError) -> Response:
    response = problem(error.status, error.detail, error.errors)
    response.headers.extend(error.headers)
    return response


def _apiflask_error(error: HTTPError) -> Response:
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        return _invalid(cause)
    return problem(error.status_code, str(error.message))


def _invalid(error: ValidationError) -> Response:
    """The 422 for a body or query that is not as its schema says."""
    errors = field_errors(error)
    return problem(422, summary(errors), errors)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 413:
        detail = _too_large_detail()
    elif status == 404:
        detail = f"There is nothing at {request.path}."
    elif status == 405:
        detail = f"{request.path} does not take {request.method}."
    else:
        detail = error.description or error.name
    response = problem(status, detail)
    skipped = ("content-type", "content-length")
    response.headers.extend([h for h in error.get_headers() if h[0].lower() not in skipped])
    return response


def _too_large_detail() -> str:
    limit = request.max_content_length
    received = request.content_length
    came = "" if received is None else f", received {received:,}"
    return f"Expected a request of at most {limit or 0:,} bytes{came}, or one with fewer parts."


def _catalog_error(error: CatalogError) -> Response:
    errors: list[Problem] = [
        {"column": column, "message": "this column is required and missing"}
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
    )


def _prediction_failed(error: PredictionFailed) -> Response:
    response = problem(503, str(error))
    response.headers["Retry-After"] = "60"
    return response


def _database_error(error: DBAPIError) -> Response:
    if isinstance(error, IntegrityError) and "FOREIGN KEY" in str(error.orig):
        return problem(409, "What this belongs to was deleted in the meantime; look again.")
    if "disk is full" in str(error.orig):
        return _disk_full(error)
    return _unexpected(error)


def _os_error(error: OSError) -> Response:
    return _disk_full(error) if error.errno in _DISK_FULL else _unexpected(error)


def _disk_full(error: Exception) -> Response:
    log.error("the disk is full: %s", error)
    return problem(507, "The server's disk is full: delete what is not needed, or ask for space.")


def _unexpected(error: Exception) -> Response:
    # The user can't mend it: nothing of it is shown but a number to find it by in the log.
    number = secrets.token_hex(6)
    log.error("error %s: %s %s", number, request.method, request.path, exc_info=error)
    return problem(500, f"An error in the server; its log has the details under {number}.")
