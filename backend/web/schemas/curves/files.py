"""Files of light curves in a form."""

from typing import Annotated, Literal

from apiflask.fields import UploadFile
from pydantic import BeforeValidator

# APIFlask gives null where there is none.
Files = Annotated[list[UploadFile], BeforeValidator(lambda files: files or [])]

# What the numbers of a flux are.
CurveFlux = Literal["flux", "magnitudes", "minus one"]
