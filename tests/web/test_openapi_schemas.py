"""One schema of each model, under its plain name."""

import pytest
from pydantic import BaseModel, create_model

from backend.web.openapi_schemas import schemas_by_name


def test_two_schemas_of_one_name_are_refused():
    class Inner(BaseModel):
        a: int

    def of_the_same_name():
        class Inner(BaseModel):
            b: int

        return Inner

    outers = [
        create_model(name, inner=(inner, ...))
        for name, inner in (("First", Inner), ("Second", of_the_same_name()))
    ]
    assert schemas_by_name([(outers[0], "response")]).keys() == {"First", "Inner"}
    with pytest.raises(ValueError, match="Inner"):
        schemas_by_name([(outer, "response") for outer in outers])


def test_a_model_that_is_read_and_sent_in_different_forms_is_refused():
    class Answered(BaseModel):
        model_config = {"json_schema_serialization_defaults_required": True}
        a: int = 1

    with pytest.raises(ValueError, match="Answered"):
        schemas_by_name([(Answered, "response"), (Answered, "body")])
