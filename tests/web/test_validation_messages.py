"""Validation errors are sentences for people, whatever is wrong with whichever field."""

import io
import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from werkzeug.datastructures import FileStorage

from backend.web.openapi import CONTENT_RANGE, IDEMPOTENCY_KEY
from backend.web.schemas.analyses import AnalysisRequest
from backend.web.schemas.base import MANY_LINES, ONE_LINE, PATTERNS, shown
from backend.web.schemas.candidates import CandidateBody
from backend.web.schemas.predictions import PredictRequest
from backend.web.schemas.training.listing import SessionsQuery
from backend.web.schemas.training.requests.sessions import StartRequest
from backend.web.schemas.training.requests.settings import NETWORK_NAME
from backend.web.validation_messages import field_errors, summary

WRONG = [
    None,
    True,
    "abc",
    "",
    "3",
    "1.5",
    "9" * 5000,
    "\x00",
    "\ud800",
    "x" * 25_000,
    -1,
    0,
    1.5,
    10**30,
    -(10**30),
    1e308,
    math.nan,
    math.inf,
    [],
    [None] * 3,
    [None] * 10_001,
    {},
    {"x" * 30: 1, 5: "y"},
    {str(i): "x" for i in range(20)},
    b"bytes",
    FileStorage(io.BytesIO(b"")),
]

# Words of pydantic's own messages.
FOREIGN = ("Input ", "should", "valid ", "unable", "parse", "Value error", "<", "Field required")

# Every type of error that the schemas can raise.
TYPES = {
    "bool_parsing",
    "bool_type",
    "dict_type",
    "extra_forbidden",
    "finite_number",
    "float_parsing",
    "float_type",
    "greater_than_equal",
    "int_from_float",
    "int_parsing",
    "int_parsing_size",
    "int_type",
    "invalid_key",
    "less_than_equal",
    "list_type",
    "literal_error",
    "missing",
    "model_type",
    "string_pattern_mismatch",
    "string_too_long",
    "string_too_short",
    "string_type",
    "string_unicode",
    "too_long",
    "too_short",
    "value_error",
}


@pytest.fixture(scope="module")
def request_models(application) -> list[type[BaseModel]]:
    """Every model of a body, form or query that a route declares, and those validated by hand."""
    found: list[type[BaseModel]] = [CandidateBody]
    for view in application.view_functions.values():
        declared = getattr(view, "_spec", {})
        models = [declared.get("body"), *(model for model, _ in declared.get("args", []))]
        found += [model for model in models if model is not None and model not in found]
    return found


def broken_bodies(model: type[BaseModel]) -> Iterator[Any]:
    """Bodies in which every field, and every field of its parts, is wrong in every way."""
    yield from WRONG
    yield {"rows": [], "unknown": 1}
    yield {"rows": 5, "workspace_key": 5}
    for name in fields_of(model):
        for value in WRONG:
            yield {name: value}
            yield {name: [value]}
            yield {name: {"flags": value}}
            for inner in (
                "label",
                "label_name",
                "probabilities",
                "missing",
                "diagnostics",
                "error",
            ):
                yield {name: [{inner: value}]}
            yield {name: [{"probabilities": {"A": value}, "missing": [value]}]}
            yield {name: [{"diagnostics": {"outside_training_range": [value, {"min": value}]}}]}
            yield {name: [{"diagnostics": {"is_grazing": value, "flags": value}}]}


def fields_of(model: type[BaseModel]) -> list[str]:
    if model is PredictRequest:
        return [*StartRequest.model_fields, "period", "rows", "model_id", "source", "star"]
    return list(model.model_fields)


def test_every_error_that_the_schemas_can_raise_is_a_sentence(request_models):
    seen: set[str] = set()
    messages: set[str] = set()
    for model in request_models:
        for body in broken_bodies(model):
            try:
                model.model_validate(body)
            except ValidationError as error:
                seen |= {each["type"] for each in error.errors()}
                messages |= {each["message"] for each in field_errors(error, model)}
    assert seen == TYPES
    for message in messages:
        assert message[0].isupper(), message
        assert message.endswith((".", "?")), message
        assert len(message) < 900, message
        assert message.startswith("Unknown field") or "received" in message, message
        before = message.partition(", received")[0]
        assert not any(word in before for word in FOREIGN), message


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("epochs", "abc", "Expected a whole number from 1 to 1000, received 'abc'."),
        ("epochs", 5000, "Expected a whole number from 1 to 1000, received 5000."),
        ("epochs", 1.5, "Expected a whole number from 1 to 1000, received 1.5."),
        ("epochs", True, "Expected a whole number from 1 to 1000, received true."),
        ("epochs", None, "Expected a whole number from 1 to 1000, received null."),
        (
            "epochs",
            10**300,
            "Expected a whole number from 1 to 1000, received a very large number.",
        ),
        ("dataset_id", 0, "Expected a whole number of at least 1, received 0."),
        ("learning_rate", 7, "Expected a number from 1e-06 to 1, received 7."),
        ("learning_rate", [1, 2], "Expected a number from 1e-06 to 1, received a list of 2."),
        (
            "learning_rate",
            math.inf,
            "Expected a number from 1e-06 to 1, received a number that is not finite.",
        ),
        ("workspace_key", "", "Expected text of 1 to 100 characters, received ''."),
        (
            "model_name",
            "a b",
            "Expected 1 to 64 letters, digits or characters of _ -, received 'a b'.",
        ),
        ("epoch", 5, "Unknown field; did you mean 'epochs'?"),
        ("optimizer", "adam", "Unknown field."),
        ("<b>", 2, "Unknown field."),
        ("test_split", 0.01, "Expected 0 or a number from 0.05 to 0.5, received 0.01."),
    ],
)
def test_what_was_expected_and_what_was_received_is_said(field, value, message):
    body = {"workspace_key": "key", "dataset_id": 1, field: value}
    assert errors_of(StartRequest, body) == [{"field": field, "message": message}]


def errors_of(model: type[BaseModel], body: Any) -> list[dict[str, Any]]:
    with pytest.raises(ValidationError) as raised:
        model.model_validate(body)
    return field_errors(raised.value, model)


def test_one_of_several_words_is_listed():
    (error,) = errors_of(SessionsQuery, {"workspace_key": "key", "status": "done"})
    assert error["message"] == (
        "Expected one of pending, training, completed, failed, cancelled, received 'done'."
    )


def test_a_field_within_a_list_is_described_too():
    body = {
        "workspace_key": "key",
        "title": "A",
        "candidates": [{}],
        "predictions": [{"label": 7, "diagnostics": {"flags": 3}}],
    }
    messages = {each["field"]: each["message"] for each in errors_of(AnalysisRequest, body)}
    assert messages["predictions.0.label"] == "Expected a whole number from 0 to 2, received 7."
    assert messages["predictions.0.diagnostics.flags"] == "Expected a list, received 3."
    assert messages["predictions.0.diagnostics.is_grazing"] == (
        "Expected true or false, received nothing."
    )


def test_a_field_of_either_kind_of_body_is_described():
    one = errors_of(PredictRequest, {"workspace_key": "k", "period": 0, "duration": 1, "depth": 5})
    assert one == [
        {"field": "period", "message": "Expected a number from 0.01 to 1,000,000, received 0."}
    ]
    many = errors_of(PredictRequest, {"workspace_key": "k", "rows": []})
    assert many == [
        {
            "field": "rows",
            "message": "Expected a list of 1 to 10,000 items, received an empty list.",
        }
    ]
    for name in ("<b>", "one", "many"):
        unknown = {"workspace_key": "k", "rows": [{}], name: 2}
        assert errors_of(PredictRequest, unknown) == [{"field": name, "message": "Unknown field."}]
    assert errors_of(PredictRequest, 7) == [{"message": "Expected a JSON object, received 7."}]


def test_an_error_of_a_kind_that_is_not_foreseen_is_still_answered():
    adapter = TypeAdapter(bytes)
    with pytest.raises(ValidationError) as raised:
        adapter.validate_python(5)
    (error,) = field_errors(raised.value, StartRequest)
    assert error["message"].endswith(".")
    assert "5" in error["message"]


def test_the_summary_is_the_first_error_and_the_number_of_the_others():
    first, second = ({"field": name, "message": "Unknown field."} for name in "ab")
    assert summary([first]) == "a: Unknown field."
    assert summary([first, second]) == "a: Unknown field. There is 1 more error."
    assert summary([first, second, second]) == "a: Unknown field. There are 2 more errors."
    assert summary([{"message": "Expected a JSON object, received 7."}]).startswith("Expected")


def test_long_values_are_shortened():
    assert len(shown("x" * 1000)) < 100
    assert shown("x" * 1000).endswith("(1,000 characters)")


def test_every_pattern_has_words(application):
    document = application.test_client().get("/api/openapi.json").get_data(as_text=True)
    used = set(re.findall(r'"pattern":("(?:[^"\\]|\\.)*")', document))
    described_only = {ONE_LINE, MANY_LINES, NETWORK_NAME, IDEMPOTENCY_KEY, CONTENT_RANGE}
    assert {json.loads(each) for each in used} == PATTERNS.keys() | described_only
