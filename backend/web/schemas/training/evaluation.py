"""How well the model of a completed session classifies the test stars."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from backend.web.schemas.base import Answer, Success
from backend.web.schemas.training.comparison import PairedDifference
from backend.web.schemas.training.curve_figures import LightCurveFigures

ByClass = dict[str, float | None]


class ClassFigures(Answer):
    """One class against the others; null where no row was predicted as it, or none has it."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


class RecallAtPrecision(Answer):
    """CONFIRMED against FALSE POSITIVE; null where no threshold reaches the precision."""

    precision: float
    recall: float | None
    threshold: float | None = Field(
        description="Threshold on p(CONFIRMED) / [p(CONFIRMED) + p(FALSE POSITIVE)]."
    )


class Figures(Answer):
    """How well the labels of the test rows are predicted; `macro_f1` weights classes equally."""

    # Sent as they were stored: an older session lacks the newer figures.
    model_config = ConfigDict(extra="allow", json_schema_serialization_defaults_required=False)

    n_test: int
    accuracy: float
    macro_f1: float
    log_loss: float
    roc_auc: ByClass
    average_precision: ByClass
    per_class: dict[str, ClassFigures]
    confusion_matrix: list[list[int]] = Field(
        description="Rows are true labels, columns predicted ones."
    )
    ece: float = Field(description="Expected calibration error.")
    recall_at_precision: RecallAtPrecision | None = None
    intervals: dict[str, Any] | None = Field(
        default=None,
        description="95% bootstrap intervals [low, high] over the groups of test rows, named and "
        "nested like the figures; null where the figure is not defined.",
    )


class BaselineFigures(Figures):
    """The figures of boosted trees, and how the network differs from them on the same rows."""

    paired: dict[str, PairedDifference] | None = Field(
        default=None, description="Network minus trees, by figure."
    )


class ReliabilityBin(Answer):
    """Rows of similar confidence, and the share of them classified correctly."""

    count: int
    confidence: float
    accuracy: float
    low: float
    high: float


class Reliability(Answer):
    """Calibration: confidence against accuracy, in bins with equal numbers of rows."""

    bins: list[ReliabilityBin]


class RegressionErrors(Answer):
    """Absolute errors in days or ppm, and relative errors."""

    mae: float | None
    median_relative_error: float | None


class Baseline(Answer):
    """Boosted trees on the same stars: with the network's inputs, and with all nine columns.

    For a network that sees all nine columns the two are the same.
    """

    same_information: BaselineFigures
    all_columns: BaselineFigures


class Coverage(Answer):
    """Share of predictions whose top probability reaches a threshold, and their precision."""

    threshold: list[float]
    coverage: list[float]
    precision: list[float]


class Abstention(Answer):
    """A threshold chosen on the validation stars, and its effect on the test stars."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    threshold: float | None = Field(
        description="Below it a prediction is `uncertain`; null: every prediction is uncertain."
    )
    precision: float = Field(description="Target for the predictions that are not uncertain.")
    coverage: float | None = Field(description="Share of test rows that are not uncertain.")
    kept_precision: float | None = Field(description="Share of these that are correct.")
    intervals: dict[str, list[float] | None] | None = Field(
        default=None, description="95% bootstrap intervals of coverage and kept_precision."
    )


class WithoutFeatures(Answer):
    """The figures on the test rows with these features hidden."""

    missing: list[str]
    accuracy: float | None
    macro_f1: float | None
    log_loss: float | None
    coverage: float | None = Field(
        default=None, description="Share of the rows above the threshold; null before 0.5.0."
    )
    precision: float | None = Field(default=None, description="Share of these that are right.")


class CalibrationChoice(Answer):
    """How the probabilities are calibrated, and why so.

    The last four are null where the validation stars are fewer than the folds.
    """

    kind: Literal["temperature", "temperature_and_biases"]
    temperature: float
    biases: dict[str, float] = Field(description="Added to the logits of the classes.")
    log_loss: dict[str, float] | None = Field(
        description="Of both kinds, on validation stars that each was not fitted on."
    )
    gain: float | None = Field(description="By how much the biases lower it.")
    standard_error: float | None = Field(
        description="Of the gain, by group; a gain above it decides for the biases."
    )
    rows: int | None


class LargestGroup(Answer):
    """The group with the most rows; `is_large`: more than 2% of all."""

    rows: int
    share: float
    labels: dict[str, int]
    is_large: bool


class SharedEphemerides(Answer):
    """Rows that share period and epoch with another star."""

    rows: int = Field(description="Of the table, also without a label.")
    chance_rows: float = Field(
        description="How many would, in the mean, with every period changed by up to 2%."
    )
    period_tolerance: list[float] | None = Field(
        description="Periods are equal within the first, as a part of the period, or within three "
        "standard deviations but not more than the second; null: too many would be chance."
    )


class RowGroups(Answer):
    """The groups of rows that are in one part of the split: stars, equal rows, shared eclipses."""

    rows: int = Field(description="Labelled rows of the dataset.")
    stars: int
    groups: int
    n_test: int = Field(description="Groups that the test rows are in.")
    largest: LargestGroup
    largest_test: int = Field(description="Rows of the largest group of the test.")
    twins: int = Field(
        description="Rows of the table, also without a label, that are "
        "equal to another one in all nine columns."
    )
    shared_ephemerides: SharedEphemerides | None = Field(
        description="null where the dataset had no epochs when the session began."
    )


class OfMembers(Answer):
    """Whose figures these are: those of a joined model's members, on rows that they never saw."""

    members: int
    folds: int
    seeds: int


class Evaluation(Figures):
    """The network's figures, the points of its curves, and the same figures of the baseline."""

    reliability: Reliability
    roc: dict[str, dict[str, list[float]]] = Field(description="`fpr` and `tpr` by class.")
    precision_recall: dict[str, dict[str, list[float]]] = Field(
        description="`recall` and `precision` by class."
    )
    coverage: Coverage | None = None
    abstention: Abstention | None = None
    temperature: float | None = Field(
        default=None,
        description="The logits were divided by it; above 1, the network was overconfident.",
    )
    calibration: CalibrationChoice | None = Field(
        default=None, description="Null for a model of 0.4.0 or earlier."
    )
    missing_features: list[WithoutFeatures] | None = None
    groups: RowGroups | None = Field(
        default=None, description="null: an earlier version split the rows by star."
    )
    dataset_version: int = Field(
        default=0, description="Whose labels the session has learnt and was tested on."
    )
    test_rows_sha256: str | None = Field(
        default=None,
        description="Identifies the test rows: equal for sessions tested on the same ones.",
    )
    of_members: OfMembers | None = Field(
        default=None,
        description="Of a model that joins those of a study: its figures are those of its members, "
        "each on rows that it never saw. Their mean is usually better: a lower bound.",
    )
    light_curves: LightCurveFigures | None = Field(
        default=None, description="null where the network reads no light curves."
    )
    kinds: list[str] = Field(
        default=[],
        description="The kinds of false positives that the network learnt to tell apart while it "
        "was trained; its model does not tell them.",
    )
    period: RegressionErrors
    depth: RegressionErrors
    baseline: Baseline | dict[str, Any] | None


class EvaluationAnswer(Success):
    """The evaluation of a completed session."""

    evaluation: Evaluation
