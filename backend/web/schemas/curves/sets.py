"""Curve sets: light curves of many stars, and the files on their way into them."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from backend.web.schemas.base import (
    MAX_ID,
    UPLOAD_IDS,
    Answer,
    BatchStatus,
    JsonBody,
    Key,
    Name,
    Success,
    TextFields,
    WorkspaceQuery,
)
from backend.web.schemas.curves.facts import FileRemark
from backend.web.schemas.curves.files import CurveFlux, Files
from backend.web.schemas.curves.views import CurveViews

ImportFailure = TypeAliasType(
    "ImportFailure", Literal["bad_file", "crashed", "interrupted", "no_space"]
)

# Of uploads that came in pieces: their ids, with commas between them.
UploadIds = Annotated[
    str,
    Field(
        pattern=UPLOAD_IDS,
        max_length=10_000,
        description="Of complete uploads that came in pieces, their ids with commas between them.",
    ),
]


class SaidOfCurves(TextFields):
    """What is said of the files, where they do not say it themselves."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Files = Field(
        default=[],
        description="Light curves, each in a file of its own, or zip and tar files of them. The "
        "field may stand many times.",
    )
    upload_ids: UploadIds | None = None
    star: Name | None = Field(default=None, description="The star, where it is one for all.")
    time_system: Name | None = Field(
        default=None,
        description="From which day the times count: BJD, BKJD, BTJD, MJD, or such as "
        "`BJD - 2457000`.",
    )
    flux: CurveFlux | None = Field(
        default=None,
        description="What the flux is: linear in the star's light, magnitudes, or relative flux "
        "from which 1 was subtracted.",
    )
    server_folder: bool = Field(
        default=False,
        description="Take files of the server's own folder, in place of any that are sent. What "
        "they do not say themselves cannot be said here.",
    )
    dataset_id: int | None = Field(
        default=None,
        ge=1,
        le=MAX_ID,
        description="With `server_folder`: only files of the stars of this dataset's rows.",
    )


class CurvesForm(SaidOfCurves):
    """Light curves as FITS, CSV, ECSV or text, prepared views as `.npz`, or archives of these."""

    workspace_key: Key
    name: Name | None = Field(default=None, description="Of the set; by default that of a file.")


class MoreCurvesForm(SaidOfCurves):
    """More light curves for a set."""


class ImportedFile(Answer):
    """A file as it was received."""

    name: str
    size: int


class ImportProblem(Answer):
    """Why an import failed."""

    reason: ImportFailure
    message: str


class CurveImport(Answer):
    """Files on their way into a set."""

    id: int
    status: BatchStatus
    request: Literal["cancel"] | None = Field(description="Requested, not yet done.")
    progress: float = Field(description="The share of the bytes that has been read.")
    bytes: int
    bytes_done: int
    files: list[ImportedFile] = Field(
        description="As they were received: an archive is one. None with `server_folder`."
    )
    server_folder: bool = Field(description="Whether its files are those of the server's folder.")
    dataset_id: int | None = Field(description="Of whose stars' files it takes only these.")
    taken: int = Field(description="Files that were taken, those in archives one by one.")
    refused: int
    repeated: int = Field(description="Files of which the set had everything.")
    refusals: list[FileRemark] = Field(description="The first 1,000 of the refused files.")
    notes: list[FileRemark] = Field(description="What was odd of others, and what was repeated.")
    number: int | None = Field(description="Of the set's version that it has made.")
    error: ImportProblem | None
    created_at: str
    started_at: str | None
    completed_at: str | None


class Match(Answer):
    """Which rows of a dataset have light curves in a set."""

    dataset_id: int
    rows: int
    stars: int
    matched_rows: int
    matched_stars: int
    rows_without_epoch: int = Field(
        description="Of the matched rows: without an epoch they keep their synthetic curve."
    )
    unmatched_stars: list[str] = Field(description="The first 100 of those without a curve.")
    other_mission_stars: int = Field(
        description="Of the matched stars: those whose light curves are all of another mission "
        "than the dataset's survey, such as those of TESS for the KOI table. KIC, EPIC and TIC "
        "number different stars."
    )
    unused_stars: int = Field(description="Stars of the set that no row of the dataset has.")
    views: CurveViews | None = Field(
        description="What the set shows of these rows, as far as it is prepared; null: nobody has "
        "asked for it."
    )


class CurveSet(Answer):
    """Light curves of many stars under one name."""

    id: int
    workspace_id: int
    user: str | None = Field(description="Who made it.")
    name: str
    number: int = Field(description="Of its newest version; 0: it has none yet.")
    sha256: str | None = Field(description="Of what that version has.")
    stars: int
    segments: int = Field(description="Quarters, campaigns, sectors.")
    points: int
    views: int = Field(description="Signals with views that were prepared elsewhere.")
    stored_bytes: int
    created_at: str
    changed_at: str
    job: CurveImport | None = Field(description="Its newest import.")
    match: Match | None = Field(default=None, description="With `dataset_id`.")


class CurveSetAnswer(Success):
    """One curve set."""

    curve_set: CurveSet


class CurveSetDone(CurveSetAnswer):
    """A curve set, and what happens to it."""

    message: str


class CurveSetsQuery(WorkspaceQuery):
    """The curve sets to list; `cursor` is the `next_cursor` of an earlier response."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: int | None = Field(
        default=None, ge=1, le=MAX_ID, description="The `next_cursor` of an earlier response."
    )


class CurveSets(Success):
    """Curve sets, newest first; `next_cursor` is null on the last page."""

    curve_sets: list[CurveSet]
    count: int
    next_cursor: str | None


class CurveSetQuery(TextFields):
    """With a dataset: which of its rows have curves in the set."""

    dataset_id: int | None = Field(default=None, ge=1, le=MAX_ID)


class CurveUploadRequest(JsonBody):
    """A large file that will come in pieces."""

    workspace_key: Key
    name: Name
    size: int = Field(ge=1, le=10**15, description="Of the whole file, in bytes.")


class CurveUpload(Answer):
    """A file that comes in pieces."""

    id: int
    workspace_id: int
    name: str
    size: int
    received: int = Field(description="The bytes that the server has; the next piece follows.")
    created_at: str
    changed_at: str


class CurveUploadAnswer(Success):
    """One upload."""

    upload: CurveUpload
