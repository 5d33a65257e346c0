"""The light curve of a row of a dataset: time series, folded views, numbers."""

from pydantic import Field

from backend.web.schemas.base import MAX_ID, Answer, BatchStatus, Success, TextFields


class RowCurveQuery(TextFields):
    """An accepted row of a dataset, counted from 0."""

    dataset_id: int = Field(ge=1, le=MAX_ID)
    row: int = Field(ge=0, le=10**12)


class CurveSegment(Answer):
    """A quarter, campaign or sector, or what a file has."""

    mission: str
    name: str
    start: float = Field(description="BJD.")
    end: float = Field(description="BJD.")
    points: int


class CurveSeries(Answer):
    """The light curve of a star without outliers and trend."""

    time: list[float] = Field(description="BJD.")
    flux: list[float] = Field(description="Relative to out of transit.")
    points: int = Field(description="Of more than 100,000 only every second, third … is here.")
    segments: list[CurveSegment]


class CurveView(Answer):
    """A folded light curve in bins."""

    at: list[float] = Field(
        description="Centres of the bins: orbits after mid-transit of the whole orbit, durations "
        "after the middle of the others."
    )
    flux: list[float] = Field(description="Median; interpolated where there is no point.")
    scatter: list[float | None] = Field(description="Robust standard deviation of the points.")
    count: list[int] = Field(description="Points.")


class CurveNumber(Answer):
    """A number that the light curve gives."""

    name: str
    value: float | None = Field(description="null: the light curve does not say it.")
    unit: str
    meaning: str


class UsualNumber(Answer):
    """What is usual of one number: quantiles of the rows that know it, in its unit."""

    p10: float = Field(description="A tenth of the rows is below.")
    median: float
    p90: float = Field(description="A tenth of the rows is above.")
    rows: int


class UsualOfKind(Answer):
    """What is usual of the numbers of rows with one label."""

    rows: int = Field(description="With that label and a usable light curve.")
    numbers: dict[str, UsualNumber | None] = Field(
        description="By name; null: fewer than 10 of the rows know it."
    )


class UsualNumbers(Answer):
    """What is usual of the numbers that light curves give, to hold those of one against."""

    planets: UsualOfKind = Field(description="Rows labelled CONFIRMED.")
    false_positives: UsualOfKind = Field(description="Rows labelled FALSE POSITIVE.")


class PreparedCurve(Answer):
    """What the light curve says of the row."""

    epoch: float = Field(description="BJD, of the catalogue.")
    period: float
    duration: float
    is_usable: bool
    flags: list[str] = Field(description="What is missing or odd, in words.")
    points: int
    points_in_transit: int
    views: dict[str, CurveView] = Field(
        description="global_view, local_view, odd_view, even_view, secondary_view (half an orbit "
        "later), dip_view (the most significant dip elsewhere)."
    )
    numbers: list[CurveNumber]


class RowCurve(Success):
    """The light curve of one row."""

    star: str
    line: int
    why_not: str | None = Field(description="Why there is no folded curve.")
    series: CurveSeries | None = None
    prepared: PreparedCurve | None
    usual: UsualNumbers | None = Field(
        description="In the rows of the dataset with a light curve in this version of the set, by "
        "the labels of its file; null while their views are not prepared."
    )
    views_status: BatchStatus | None = Field(
        description="Of these views; null: nobody has asked for them (`POST …/views`)."
    )
