"""Labels as a layer over a dataset: votes, what they decide, and frozen versions."""

from typing import Annotated, Any, Literal

from apiflask.fields import UploadFile
from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypeAliasType

from backend.transit.columns import LABELS, NO_LABEL
from backend.web.schemas.base import (
    Answer,
    JsonBody,
    Name,
    Page,
    Success,
    Text,
    TextFields,
    label_code,
    shown,
)

MOST_TEXT = 1000
MOST_CHANGES = 10_000

EXCLUDE = "exclude"

LabelRule = TypeAliasType("LabelRule", Literal["owner", "majority"])
LayerLabel = TypeAliasType(
    "LayerLabel", Literal["CANDIDATE", "CONFIRMED", "FALSE POSITIVE", "exclude"]
)


def said_label(value: Any) -> int | None:
    """A label as 0, 1, 2, its name in any case, `exclude` or null, as its code.

    Raises:
        ValueError: it is none of them.
    """
    if value is None or (isinstance(value, str) and value.strip().lower() == EXCLUDE):
        return None if value is None else NO_LABEL
    try:
        if isinstance(value, bool):
            raise ValueError
        return label_code(value)
    except ValueError as error:
        raise ValueError(
            f"Expected 0, 1, 2, one of {', '.join(LABELS)}, {EXCLUDE} or null, received "
            f"{shown(value)}."
        ) from error


SaidLabel = Annotated[
    int | None,
    BeforeValidator(said_label),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "enum": [0, 1, 2]},
                {"type": "string", "enum": ["0", "1", "2", *LABELS, EXCLUDE]},
                {"type": "null"},
            ]
        }
    ),
]
Reason = Annotated[Text, Field(min_length=1, max_length=MOST_TEXT, description="Why.")]
Comment = Annotated[Text, Field(max_length=MOST_TEXT)]


class LabelChange(JsonBody):
    """Your vote on a row: a label, to leave it out, or only a comment."""

    row: int = Field(ge=0, le=10**12, description="Among the accepted rows, from 0.")
    label: SaidLabel = Field(description="`exclude` leaves the row out; null: only a comment.")
    reason: Reason
    comment: Comment = ""


class LabelChanges(JsonBody):
    """Your votes on rows, each once; all are saved, or none."""

    changes: list[LabelChange] = Field(min_length=1, max_length=MOST_CHANGES)


class LabelUndo(JsonBody):
    """What to undo."""

    row: int | None = Field(
        default=None,
        ge=0,
        le=10**12,
        description="Your last change of this row; without it, all of your last request.",
    )


class RuleRequest(JsonBody):
    """By which rule labels change."""

    rule: LabelRule = Field(
        description="`owner`: what the owner of the workspace says counts, what others say is a "
        "proposal. `majority`: what more than half of those say who say a label."
    )


class Vote(Answer):
    """Somebody's vote on a row."""

    user: str
    label: LayerLabel | None = Field(description="null: only a comment.")
    reason: str
    comment: str
    at: str
    ended_at: str | None = Field(description="null: it counts.")
    ended_by: Literal["changed", "withdrawn"] | None = Field(
        description="By a later vote of the same user, or by an undo."
    )


class VotedRow(Answer):
    """A row with its votes."""

    row: int
    line: int
    star: str | None
    name: str | None
    file_label: LayerLabel | None
    label: LayerLabel | None = Field(description="The one that counts.")
    decided_by: Literal["file", "owner", "majority"]
    votes: list[Vote]


class LabelsQuery(Page):
    """Which rows."""

    row: int | None = Field(
        default=None,
        ge=0,
        le=10**12,
        description="Only this row, with or without votes, and with those that no longer count.",
    )


class VotedRows(Success):
    """One page of the rows that somebody says something of, and their total number."""

    rows: list[VotedRow]
    count: int
    total: int
    offset: int
    limit: int
    rule: LabelRule
    revision: int = Field(description="Grows with each change of the layer.")


class LabelsChanged(Success):
    """What was taken."""

    message: str
    changed: int = Field(description="Rows of which you now say something else.")
    rule: LabelRule
    revision: int


class LabelsUndone(LabelsChanged):
    """What was undone."""

    rows: list[int]


class ImportForm(TextFields):
    """A layer as CSV."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile


class ImportQuery(TextFields):
    """How to import it."""

    skip_unknown: bool = Field(
        default=False,
        description="Import the others where rows are unknown; without it nothing is imported.",
    )


class UnknownLine(Answer):
    """A line of an imported file whose row is unknown."""

    row: int = Field(description="The line of the file, from 1.")
    message: str


class LabelsImported(LabelsChanged):
    """What was imported, as votes of yours."""

    unknown: list[UnknownLine] = Field(description="The first hundred.")
    unknown_count: int
    undecided: int = Field(description="Lines without a label, or that nobody had decided.")


class VersionRequest(JsonBody):
    """The name of the version."""

    name: Name | None = None


class DatasetVersion(Answer):
    """The file of a dataset and what people had decided of its labels."""

    number: int = Field(description="0: the file as it is.")
    sha256: str = Field(description="Of the file, how it is read, and the decisions.")
    name: str | None
    created_at: str
    user: str | None = Field(description="Who froze it; null for version 0.")
    num_changed: int = Field(description="Rows whose label is not the file's.")
    num_excluded: int = Field(description="Of these, rows that are left out.")
    class_counts: dict[str, int]


class CurrentLayer(Answer):
    """The layer as it is now."""

    number: int | None = Field(description="The version that it is; null: it is not frozen.")
    sha256: str
    num_changed: int
    num_excluded: int
    class_counts: dict[str, int]
    differs_from_newest: int = Field(
        description="Rows that the newest version, or else the file, has otherwise."
    )


class DatasetVersions(Success):
    """The versions of a dataset, newest first."""

    versions: list[DatasetVersion]
    count: int
    current: CurrentLayer


class VersionAnswer(Success):
    """A version."""

    message: str
    version: DatasetVersion
