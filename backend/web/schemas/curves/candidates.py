"""The light curve of one candidate."""

from pydantic import Field

from backend.web.schemas.base import Answer
from backend.web.schemas.curves.facts import FileRemark
from backend.web.schemas.curves.rows import CurveNumber, UsualNumbers


class CandidateLightCurve(Answer):
    """What the files say that came with a candidate; nothing of them was kept."""

    star: str | None = Field(description="That the files name; null: none.")
    is_used: bool = Field(
        description="The prediction rests on it; else a flag says why, and it rests on the columns "
        "alone."
    )
    points: int
    points_in_transit: int
    segments: int
    flags: list[str] = Field(description="What is missing or odd, in words.")
    numbers: list[CurveNumber]
    usual: UsualNumbers | None = Field(
        description="In the rows that the model learnt from; null: it does not know."
    )
    notes: list[FileRemark] = Field(description="What was odd of the files.")
