"""The schemas of the OpenAPI document: one of each model that a route declares, by class name."""

import re
from collections.abc import Iterator
from typing import Any

from apiflask import APIFlask
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from backend.web.schemas.problems import Problem

Json = dict[str, Any]

# What stands before the name of a schema where the document refers to it.
REFERENCES = "#/components/schemas/"

_PLAIN_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")


class _UntitledSchema(GenerateJsonSchema):
    """Without a title for each field: it repeats the name, and generators name types by it."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def models_of(app: APIFlask) -> Iterator[tuple[type[BaseModel], str]]:
    """The models that the routes declare, and where each is used."""
    yield Problem, "problem"
    for view in app.view_functions.values():
        declared = getattr(view, "_spec", {})
        parts = [
            (declared.get("body"), "body"),
            (declared.get("form"), "body"),
            (declared.get("response", {}).get("schema"), "response"),
            *declared.get("args", []),
        ]
        for model, location in parts:
            if isinstance(model, type) and issubclass(model, BaseModel):
                yield model, location


def schemas_by_name(models: list[tuple[type[BaseModel], str]]) -> dict[str, Json]:
    """One schema for each model and for each model within it, by class name.

    Args:
        models: each with where it is used: "response", or a part of the request.

    Raises:
        ValueError: two different schemas would share a name.
    """
    _, definitions = models_json_schema(
        [
            (model, "serialization" if location == "response" else "validation")
            for model, location in models
        ],
        ref_template=f"{REFERENCES}{{model}}",
        schema_generator=_UntitledSchema,
    )
    schemas: dict[str, Json] = {}
    for name, schema in definitions["$defs"].items():
        # Pydantic renames what it cannot merge: `Session-Input`, `package__module__Session`.
        if not _PLAIN_NAME.fullmatch(name):
            raise ValueError(f"expected one schema of each name, found also {name}")
        _hoist({**schema, "title": name}, schemas)
    return schemas


def _hoist(part: Any, schemas: dict[str, Json]) -> Any:
    """A part of a schema, the models that stand within it moved to `schemas`."""
    if isinstance(part, list):
        return [_hoist(each, schemas) for each in part]
    if not isinstance(part, dict):
        return part
    name = part.get("title")
    if not isinstance(name, str):
        return {key: _hoist(each, schemas) for key, each in part.items()}
    schema = {key: _hoist(each, schemas) for key, each in part.items() if key != "title"}
    if schemas.setdefault(name, schema) != schema:
        raise ValueError(f"expected one schema of each name, found two of {name}")
    return {"$ref": f"{REFERENCES}{name}"}
