"""Saved analyses: candidates with what was predicted of them, under a title."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, SkipValidation, model_validator

from backend.web.schemas.base import (
    Answer,
    Identifier,
    JsonBody,
    Key,
    Name,
    Success,
    Text,
)
from backend.web.schemas.candidates import CandidateBody, Diagnostics, Relations
from backend.web.schemas.predictions import UnlikeTraining

MAX_SAVED = 1_000

Note = Annotated[Text, Field(max_length=20_000)]


class SavedPrediction(JsonBody):
    """A prediction as returned by `/api/predict`."""

    model_config = ConfigDict(extra="ignore")

    label: int | None = Field(default=None, ge=0, le=2)
    label_name: Annotated[Name, Field(max_length=20)] | None = None
    probabilities: dict[Annotated[str, Field(max_length=20)], float | None] | None = Field(
        default=None, max_length=3
    )
    period: float | None = None
    depth_ppm: float | None = None
    uncertain: bool | None = None
    simulated: bool | None = None
    diagnostics: Diagnostics | None = None
    missing: list[Annotated[str, Field(max_length=20)]] = Field(default=[], max_length=9)
    relations: Relations | None = None
    light_curve: bool | None = None
    unlike_training: list[UnlikeTraining] = Field(default=[], max_length=3)
    error: Annotated[str, Field(max_length=1000)] | None = None


class AnalysisRequest(JsonBody):
    """Predictions to save: as many `predictions` as `candidates`, in the same order."""

    workspace_key: Key
    title: Name
    note: Note = ""
    model_id: Identifier | None = None
    candidates: list[SkipValidation[CandidateBody]] = Field(
        min_length=1,
        max_length=MAX_SAVED,
        description="As predicted; one whose prediction is an `error` may be anything.",
    )
    predictions: list[SavedPrediction] = Field(min_length=1, max_length=MAX_SAVED)

    @model_validator(mode="after")
    def _belong_together(self) -> "AnalysisRequest":
        if len(self.candidates) != len(self.predictions):
            raise ValueError(
                f"Expected as many predictions as candidates, received {len(self.predictions)} "
                f"and {len(self.candidates)}."
            )
        return self


class AnalysisChange(JsonBody):
    """A new title or note; absent fields stay as they are."""

    title: Name | None = None
    note: Note | None = None


class AnalysisSummary(Answer):
    """A saved analysis, without its rows."""

    id: int
    workspace_id: int
    title: str
    note: str
    user: str | None
    model_id: int | None
    count: int = Field(description="Number of candidates.")
    created_at: str
    updated_at: str


class Analysis(AnalysisSummary):
    """A saved analysis."""

    candidates: list[Any]
    predictions: list[dict[str, Any]]


class AnalysisAnswer(Success):
    """One analysis."""

    analysis: Analysis


class Analyses(Success):
    """The analyses of a workspace, newest first."""

    analyses: list[AnalysisSummary]
    count: int
