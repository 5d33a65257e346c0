"""The OpenAPI document: what APIFlask makes of the schemas, and what it cannot know."""

from typing import Any

from apiflask import APIFlask

DESCRIPTION = (
    "Upload a table of transit candidates, train a network on it in the background, watch it, "
    "keep the model, and predict with it. Every call but the health check carries the header "
    "`Authorization: Bearer TOKEN`."
)

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457; `errors` names the fields, rows or columns that are wrong.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message"],
                "properties": {
                    "field": {"type": "string"},
                    "row": {"type": "integer"},
                    "column": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "found": {"type": "array", "items": {"type": "string"}},
        "missing": {"type": "array", "items": {"type": "string"}},
        "recognised": {"type": "array", "items": {"type": "string"}},
    },
}

_ERROR_REF = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

_REPLACED_SCHEMAS = ("HTTPError", "ValidationError")


def init_app(app: APIFlask) -> None:
    """Set up the document of an application, served at `app.spec_path`."""
    app.config.update(
        DESCRIPTION=DESCRIPTION,
        LICENSE={"name": "MIT", "identifier": "MIT"},
        SERVERS=[{"url": "/"}],  # not from the Host header: the document is kept
        SECURITY_SCHEMES={"token": {"type": "http", "scheme": "bearer"}},
        AUTO_OPERATION_ID=True,
        AUTO_AUTH_ERROR_RESPONSE=False,
    )
    app.spec_processor(_complete)


def _complete(document: Any) -> Any:
    """Describe errors as they are answered, and say which calls need a token."""
    document["security"] = [{"token": []}]
    schemas = document["components"]["schemas"]
    for name in _REPLACED_SCHEMAS:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for path in document["paths"].values():
        for operation in path.values():
            _complete_responses(operation)
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            if "Idempotency-Key" in operation.get("description", ""):
                operation["parameters"].append(_IDEMPOTENCY_KEY)
    return document


def _complete_responses(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if operation.get("security") != [{}]:
        responses["401"] = {"description": "No valid token"}
    responses["default"] = {"description": "Any other error"}
    success = next(code for code in responses if code.startswith("2"))
    for code, response in responses.items():
        if code == "default" or code >= "400":
            response["content"] = _ERROR_REF
        elif code == "304":
            response.pop("content", None)
        elif not response.get("content") or code != success:
            response["content"] = _success_content(responses)


def _success_content(responses: dict[str, Any]) -> dict[str, Any]:
    """The content that APIFlask gave the main success; a second success answers the same."""
    return next(
        each["content"]
        for code, each in responses.items()
        if code.startswith("2") and any(part.get("schema") for part in each["content"].values())
    )


_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repeated request with the same key starts nothing new.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
