"""The light curves of a batch."""

from pydantic import Field

from backend.web.schemas.base import Answer
from backend.web.schemas.curves.facts import CurveFacts


class BatchCurveFacts(CurveFacts):
    """What came of the rows of a batch."""

    rows: int = Field(description="Of the file that can be predicted.")
    rows_without_star: int = Field(description="They name none.")
    rows_not_in_set: int = Field(description="Whose stars have no light curves in the set.")


class BatchLightCurves(Answer):
    """Whose light curves the rows of a batch have, and how many of them have one."""

    curve_set_id: int = Field(description="It may be deleted once the batch has ended.")
    name: str = Field(description="Of the set.")
    curves_sha256: str = Field(description="Of the version of the set.")
    recipe: int = Field(description="How the views of the network are made.")
    rows: int = Field(description="Whose stars have light curves; 0: not yet counted.")
    rows_done: int = Field(description="Of these: prepared.")
    progress: float = Field(description="Of preparing them, from 0 to 1; prediction follows.")
    rows_used: int = Field(description="Rows predicted so far with a light curve.")
    rows_without: int = Field(description="Rows predicted so far by their columns alone.")
    facts: BatchCurveFacts | None = Field(description="Once all are prepared.")
