"""The page asks for a study what the API takes."""

import re

from backend.config import REPOSITORY
from backend.web.schemas.training.requests.studies import FoldsRequest, SearchRequest

SOURCE = (REPOSITORY / "frontend" / "studies" / "study-settings.js").read_text()


def numbers_of(name: str) -> dict[str, float]:
    """The numbers of `name: { … }` or `name = { … }`."""
    found = re.search(rf"\b{name}(?::| =) {{([^}}]*)}}", SOURCE)
    assert found is not None
    pairs = (each.split(":") for each in found.group(1).split(",") if each.strip())
    return {key.strip(): float(value) for key, value in pairs}


def bounds_of(name: str) -> dict[str, float]:
    schema = FoldsRequest.model_json_schema()["properties"][name]
    return {"min": schema["minimum"], "max": schema["maximum"]}


def test_folds_and_seeds_have_the_defaults_and_bounds_of_the_api():
    properties = FoldsRequest.model_json_schema()["properties"]
    for name in ("folds", "seeds"):
        assert numbers_of(name) == {"initial": properties[name]["default"], **bounds_of(name)}
    assert numbers_of("VALIDATION") == bounds_of("validation_split")


def test_a_name_has_the_pattern_and_the_default_of_the_api():
    name = FoldsRequest.model_json_schema()["properties"]["name"]
    assert f"const NAME = /{name['pattern']}/;" in SOURCE
    assert f'name: "{name["default"]}"' in SOURCE


def test_the_budget_of_a_search_has_the_bounds_of_the_api():
    source = (REPOSITORY / "frontend/studies/search/search-space.js").read_text()
    properties = SearchRequest.model_json_schema()["properties"]
    for name in ("trials", "minutes", "parallel"):
        schema = properties[name]
        schema = next(each for each in schema.get("anyOf", [schema]) if each.get("type") != "null")
        bounds = f"{name}: {{ min: {schema['minimum']:g}, max: {schema['maximum']:g} }}"
        assert bounds in source
