"""The OpenAPI document: APIFlask's document of the routes, completed with what it cannot know.

Client generators read it. So each thing has one schema under a plain name, an operation is called
like its view function, and every error is a `Problem`.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from apiflask import APIFlask

from backend.web.auth import ONLY_COMPUTES, PUBLIC
from backend.web.openapi_schemas import REFERENCES, Json, models_of, schemas_by_name

DESCRIPTION = (
    "Upload a table of transit candidates, train a network on it in the background, follow the "
    "session, keep the model and classify new candidates with it. Every call except the health "
    "check needs the header `Authorization: Bearer TOKEN`."
)

_PROBLEM_CONTENT = {"application/problem+json": {"schema": {"$ref": f"{REFERENCES}Problem"}}}

_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "Printed at the first start, set by EXOTRAIN_TOKEN, or made by create_token.",
}

IDEMPOTENCY_KEY = "^[!-~]{1,200}$"
CONTENT_RANGE = "^bytes [0-9]+-[0-9]+/[0-9]+$"

_PARAMETERS = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "With the same key a repeated request starts or posts nothing new.",
        "schema": {"type": "string", "pattern": IDEMPOTENCY_KEY},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The ETag of an earlier response; if nothing has changed, the answer is "
        "304 without a body.",
        "schema": {"type": "string"},
    },
    "ContentRange": {
        "name": "Content-Range",
        "in": "header",
        "required": True,
        "description": "Where the piece is in the file, the last byte included, and the file's "
        "size: `bytes 0-999/5000`.",
        "schema": {"type": "string", "pattern": CONTENT_RANGE},
    },
}

# An extension: the form that a call takes as well.
FORM_TOO = "x-form"

_TEXT = {"type": "string"}
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_HEADERS = {
    "ETag": {"description": "Changes with the content.", "schema": _TEXT},
    "Location": {"description": "The path of what was created.", "schema": _TEXT},
    "Content-Disposition": {"description": "The suggested file name.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "The expected scheme, Bearer.", "schema": _TEXT},
}

# What can go wrong with any call of a kind; a route says in its own words what it knows better.
_ANY_CALL = {
    "421": "The server does not answer to this host name",
    "422": "A value is missing, unknown or outside its range",
    "503": "The server is too busy or short of resources, or its database is locked; try again",
}
_CALL_WITH_TOKEN = {
    "401": "No valid token",
    "429": "Too many requests, or too many wrong tokens from this address; try again later",
}
_CALL_THAT_CHANGES = {
    "400": "The body is malformed",
    "403": "Your role, or your token, allows reading only",
    "408": "The body stopped arriving",
    "413": "The body is too large",
    "507": "The server's disk is full",
}
_CALL_WITH_BODY = {"415": "The body is of another type"}
_CALL_OF_A_RECORD = {"404": "There is no such record"}

_TAKES_IDEMPOTENCY_KEY = ("start_training", "retry_session", "create_batch", "create_curve_set")
_GIVES_LOCATION = {
    "upload_dataset": "201",
    "create_analysis": "201",
    "start_training": "202",
    "retry_session": "202",
    "create_batch": "202",
    "create_curve_set": "202",
    "add_curve_files": "202",
    "start_curve_upload": "201",
}


def init_app(app: APIFlask) -> None:
    """Set up the document of an application, served at `app.spec_path`."""
    app.config.update(
        DESCRIPTION=DESCRIPTION,
        LICENSE={"name": "MIT", "identifier": "MIT"},
        SERVERS=[{"url": "/"}],  # not from the Host header: the document is kept
        SECURITY_SCHEMES={"token": _TOKEN},
        AUTO_AUTH_ERROR_RESPONSE=False,
        VALIDATION_ERROR_DESCRIPTION=_ANY_CALL["422"],
        NOT_FOUND_DESCRIPTION=_CALL_OF_A_RECORD["404"],
    )
    app.spec_processor(partial(_complete, app))


def _complete(app: APIFlask, document: Any) -> Any:
    """Name what APIFlask leaves unnamed, and describe errors and headers as they are sent."""
    models = list(models_of(app))
    schemas = schemas_by_name(models)
    for endpoint, method, operation in _operations(app, document["paths"]):
        name = endpoint.rpartition(".")[2]
        operation["operationId"] = name
        operation["security"] = [] if endpoint in PUBLIC else [{"token": []}]
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True
            _take_null_from_forms(operation["requestBody"]["content"], schemas)
        if form := _form_too(app, endpoint):
            _take_null_from_forms(form, schemas)
            operation[FORM_TOO] = form
        _complete_parameters(operation, _query_properties(app, endpoint, schemas))
        if _takes(app, endpoint) == "piece":
            operation["requestBody"] = {"required": True, "content": _BYTES}
        _complete_responses(operation, method)
        if endpoint in ONLY_COMPUTES:
            del operation["responses"]["403"]
        _add_headers(operation, name)
    queries = {model.__name__ for model, location in models if location == "query"}
    # Two modules of routes may be about one subject.
    document["tags"] = list({each["name"]: each for each in document["tags"]}.values())
    document["security"] = [{"token": []}]
    document["components"] |= {
        "schemas": {name: schemas[name] for name in sorted(schemas) if name not in queries},
        "parameters": _PARAMETERS,
        "headers": _HEADERS,
    }
    return document


def _form_too(app: APIFlask, endpoint: str) -> Json:
    """The form that a call takes in place of JSON, if it does.

    It stands beside the body: of two kinds of bodies openapi-python-client 0.29 makes a call that
    cannot be imported, and who sends JSON is to have one that can.
    """
    form = getattr(app.view_functions[endpoint], "_spec", {}).get("form")
    if form is None:
        return {}
    return {"multipart/form-data": {"schema": {"$ref": f"{REFERENCES}{form.__name__}"}}}


def _takes(app: APIFlask, endpoint: str) -> str | None:
    return getattr(app.view_functions[endpoint], "_spec", {}).get("takes")


def _operations(app: APIFlask, paths: Json) -> Iterator[tuple[str, str, Json]]:
    """The endpoint, method and operation of every route in the document."""
    for rule in app.url_map.iter_rules():
        operations = paths.get(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), {})
        for method in map(str.lower, rule.methods or ()):
            if method in operations:
                yield rule.endpoint, method, operations[method]


def _query_properties(app: APIFlask, endpoint: str, schemas: dict[str, Json]) -> Json:
    args = getattr(app.view_functions[endpoint], "_spec", {}).get("args", [])
    models = [model for model, location in args if location == "query"]
    return {k: v for model in models for k, v in schemas[model.__name__]["properties"].items()}


def _complete_parameters(operation: Json, properties: Json) -> None:
    for parameter in operation["parameters"]:
        if parameter["in"] == "query":
            schema = dict(properties[parameter["name"]])
            if "description" in schema:
                parameter["description"] = schema.pop("description")
            parameter["schema"] = _without_null(schema)


def _take_null_from_forms(content: Json, schemas: dict[str, Json]) -> None:
    for media_type, part in content.items():
        if media_type == "multipart/form-data":
            form = schemas[part["schema"]["$ref"].removeprefix(REFERENCES)]
            fields = form["properties"].items()
            form["properties"] = {name: _without_null(each) for name, each in fields}


def _without_null(schema: Json) -> Json:
    """The schema of a parameter or a form's field: one that is absent is not null."""
    schema = {k: v for k, v in schema.items() if not (k == "default" and v is None)}
    alternatives = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    return {**schema, **(alternatives[0] if alternatives else {})}


def _complete_responses(operation: Json, method: str) -> None:
    responses = operation["responses"]
    if method == "get":
        responses["304"] = {"description": "Nothing has changed since the response with that ETag"}
    for code, description in _errors_of(operation, method).items():
        responses.setdefault(code, {})["description"] = description
    responses["default"] = {"description": "Any other error"}
    content = _success_content(responses)
    for code, response in sorted(responses.items()):
        if code == "default" or code >= "400":
            response["content"] = _PROBLEM_CONTENT
        elif code != "304":
            response["content"] = content
            # To APIFlask every file is binary; a CSV is text.
            if "text/csv" in content:
                response["content"] = {"text/csv": {"schema": _TEXT}}


def _errors_of(operation: Json, method: str) -> dict[str, str]:
    """Every error that an operation can answer with, and when."""
    errors = dict(_ANY_CALL)
    if operation["security"]:
        errors |= _CALL_WITH_TOKEN
    if method != "get":
        errors |= _CALL_THAT_CHANGES
    if "requestBody" in operation:
        errors |= _CALL_WITH_BODY
    if any(each.get("in") == "path" for each in operation["parameters"]):
        errors |= _CALL_OF_A_RECORD
    own = operation["responses"].items()
    said = {code: each["description"] for code, each in own if code >= "400"}
    if "403" in said:
        said["403"] += ", or your role, or your token, allows reading only"
    if "429" in said:
        said["429"] += ", or too many wrong tokens came from this address"
    return errors | said


def _success_content(responses: Json) -> Json:
    """The content that APIFlask gave the main success; a second success answers the same."""
    return next(
        each["content"]
        for code, each in responses.items()
        if code.startswith("2")
        and any(part.get("schema") for part in each.get("content", {}).values())
    )


def _add_headers(operation: Json, name: str) -> None:
    responses = operation["responses"]
    sent: dict[str, list[str]] = {code: [] for code in responses}
    if name in _GIVES_LOCATION:
        sent[_GIVES_LOCATION[name]].append("Location")
    if "application/json" not in _success_content(responses):
        sent["200"].append("Content-Disposition")
    if "401" in responses:
        sent["401"].append("WWW-Authenticate")
    for code in responses.keys() & {"429", "503"}:
        sent[code].append("Retry-After")
    if "304" in responses:
        sent["200"].append("ETag")
        sent["304"].append("ETag")
        operation["parameters"].append({"$ref": "#/components/parameters/IfNoneMatch"})
    if "application/octet-stream" in operation.get("requestBody", {}).get("content", {}):
        operation["parameters"].append({"$ref": "#/components/parameters/ContentRange"})
    if name in _TAKES_IDEMPOTENCY_KEY:
        operation["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
    for code, headers in sent.items():
        if headers:
            responses[code]["headers"] = {
                each: {"$ref": f"#/components/headers/{each}"} for each in headers
            }
