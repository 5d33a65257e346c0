"""What light curves are worth to the model of a completed session, on the test rows."""

from pydantic import ConfigDict, Field

from backend.web.schemas.base import Answer
from backend.web.schemas.training.comparison import PairedDifference


class SettledFigures(Answer):
    """CONFIRMED against FALSE POSITIVE, by P(CONFIRMED) over the sum of both."""

    confirmed: int
    false_positives: int
    roc_auc: float | None
    average_precision: float | None
    recall_at_precision: float | None = Field(
        description="Share of the confirmed ones in a list of which 99% are confirmed."
    )
    intervals: dict[str, list[float] | None] = Field(description="95%, over the stars.")


class PartFigures(Answer):
    """The figures of some of the test rows."""

    rows: int
    stars: int
    accuracy: float | None
    macro_f1: float | None
    log_loss: float | None
    settled: SettledFigures


class TellsLabel(Answer):
    """How well a number alone tells CONFIRMED from FALSE POSITIVE: ROC AUC, 0.5 to 1."""

    has_curve: float | None = Field(description="Whether a row has a light curve.")
    segments: float | None = Field(description="How many quarters or sectors it has.")


class SettledDifferences(Answer):
    """By how much light curves change how CONFIRMED is told from FALSE POSITIVE."""

    roc_auc: PairedDifference
    average_precision: PairedDifference


class LightCurveDifferences(Answer):
    """Rows with their light curve minus the same rows with it hidden, by figure.

    `roc_auc` is the mean over the classes; `recall_at_precision` is that of `settled`.
    """

    accuracy: PairedDifference
    macro_f1: PairedDifference
    log_loss: PairedDifference
    ece: PairedDifference
    roc_auc: PairedDifference
    recall_at_precision: PairedDifference
    settled: SettledDifferences | None = Field(
        description="null where no row is CONFIRMED, or none is FALSE POSITIVE."
    )


class LightCurveFigures(Answer):
    """What the light curves are worth, on the test rows."""

    # Sent as they were stored: older ones lack the difference.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    curve_set_id: int | None
    sha256: str | None = Field(description="Of the version of the curve set.")
    recipe: int | None = Field(description="How its views were made.")
    with_curve: PartFigures = Field(description="Rows with a light curve.")
    curve_hidden: PartFigures = Field(description="The same rows with it hidden.")
    difference: LightCurveDifferences | None = Field(
        default=None,
        description="`with_curve` minus `curve_hidden`, paired; null where no row has a curve.",
    )
    without_curve: PartFigures = Field(description="Rows without a light curve.")
    tells_label: TellsLabel
