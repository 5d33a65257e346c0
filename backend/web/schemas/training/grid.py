"""Studies of kind grid: their settings, the figures of these, how they differ from the base."""

from typing import Any, Literal

from pydantic import Field

from backend.web.schemas.base import Answer


class GridDifferences(Answer):
    """What a setting of a grid has and its base has not."""

    label: str
    changes: dict[str, Any] = Field(description="By setting of a session.")


class GridFigure(Answer):
    """A figure of a setting: its mean over the seeds, each on its own test rows."""

    mean: float | None
    interval: list[float] | None = Field(
        description="95%, of that mean: a bootstrap over the groups of rows; null until all seeds "
        "have completed."
    )
    seed_spread: float | None = Field(
        description="Standard deviation over the seeds; null with fewer than two. Their test rows "
        "differ too."
    )


class GridDifference(Answer):
    """A figure of a setting minus that of the base, on the same rows."""

    difference: float | None
    interval: list[float] | None = Field(
        description="95%, of this difference alone: a bootstrap over the groups of rows, in which "
        "all seeds of both are measured on the same draws."
    )
    p_value: float | None = Field(
        description="After Holm's correction over the settings of the study."
    )
    verdict: Literal["better", "worse", "cannot_tell"] = Field(
        description="On the setting: `better` and `worse` need a `p_value` of at most 0.05 and an "
        "`interval` without 0."
    )


class GridSettingFigures(Answer):
    """A setting of a grid as far as its sessions have come."""

    setting: int = Field(description="0: the base; then as in `differences` of the study.")
    label: str | None = Field(description="Null: the base.")
    seeds: int = Field(description="That have completed.")
    is_complete: bool
    figures: dict[str, GridFigure] = Field(description="Of the seeds that have completed.")
    differences: dict[str, GridDifference] | None = Field(
        description="From the base; null for itself, and until all seeds of both have completed."
    )


class GridFigures(Answer):
    """The figures of a grid, as far as its sessions have come."""

    rows: int = Field(description="That any seed has tested.")
    groups: int = Field(description="That these rows are in.")
    seeds: int
    is_complete: bool
    intervals_state: Literal["found", "pending", "unknown"] = Field(
        description="`pending`: ask again in a few seconds; `unknown`: the base is not complete."
    )
    settings: list[GridSettingFigures] = Field(description="The base first.")
    best: int | None = Field(
        description="The complete setting of the least mean log loss; null until there are two. "
        "See `note`."
    )
    note: str = Field(description="What choosing a setting by these figures does.")
