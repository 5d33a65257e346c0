"""What is known of a completed session's model from its test stars."""

from typing import Any

from pydantic import ConfigDict, Field

from backend.web.schemas.base import Answer, LabelFilter, Page, Success

ByClass = dict[str, float | None]


class ClassFigures(Answer):
    """One class against the others; null where nothing was predicted or present."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


class RecallAtPrecision(Answer):
    """CONFIRMED against FALSE POSITIVE; null where no threshold has the precision."""

    precision: float
    recall: float | None
    threshold: float | None = Field(
        description="Of p(CONFIRMED) / [p(CONFIRMED) + p(FALSE POSITIVE)]."
    )


class Figures(Answer):
    """How well the labels of the test rows are predicted; `macro` is the classes' mean."""

    model_config = ConfigDict(extra="allow")

    n_test: int
    accuracy: float
    macro_f1: float
    log_loss: float
    roc_auc: ByClass
    average_precision: ByClass
    per_class: dict[str, ClassFigures]
    confusion_matrix: list[list[int]] = Field(description="Rows are true, columns predicted.")
    ece: float = Field(description="Expected calibration error.")
    recall_at_precision: RecallAtPrecision | None = None
    intervals: dict[str, Any] | None = Field(
        default=None,
        description="95% bootstrap intervals [low, high] over the test stars, named and nested as "
        "the figures; null where the figure is not defined.",
    )


class ReliabilityBin(Answer):
    """Rows of about equal confidence, and how many of them were right."""

    count: int
    confidence: float
    accuracy: float
    low: float
    high: float


class Reliability(Answer):
    """Confidence against accuracy, in bins of equal numbers of rows."""

    bins: list[ReliabilityBin]


class RegressionErrors(Answer):
    """In days or ppm, and relative."""

    mae: float | None
    median_relative_error: float | None


class Baseline(Answer):
    """Boosted trees on the same stars: with what the network had, and with all nine columns.

    Of a network that sees all nine columns the two are the same.
    """

    same_information: Figures
    all_columns: Figures


class Coverage(Answer):
    """Predictions whose top probability reaches a threshold: how many, how many of them right."""

    threshold: list[float]
    coverage: list[float]
    precision: list[float]


class Abstention(Answer):
    """A threshold chosen on the validation stars, and what it does on the test stars."""

    threshold: float | None = Field(
        description="Below it a prediction is `uncertain`; null: every prediction is."
    )
    precision: float = Field(description="Wanted of the predictions that are not uncertain.")
    coverage: float | None = Field(description="Share of the test rows that are not uncertain.")
    kept_precision: float | None = Field(description="Share of those that are right.")
    intervals: dict[str, list[float] | None] | None = Field(
        default=None, description="95% bootstrap intervals of the last two."
    )


class WithoutFeatures(Answer):
    """The figures on test rows in which these features are hidden."""

    missing: list[str]
    accuracy: float | None
    macro_f1: float | None
    log_loss: float | None


class Evaluation(Figures):
    """The network's figures, the points behind its curves, and the baseline's same figures."""

    reliability: Reliability
    roc: dict[str, dict[str, list[float]]] = Field(description="`fpr` and `tpr` by class.")
    precision_recall: dict[str, dict[str, list[float]]] = Field(
        description="`recall` and `precision` by class."
    )
    coverage: Coverage | None = None
    abstention: Abstention | None = None
    temperature: float | None = Field(
        default=None, description="By which the logits were divided; above 1: was too sure."
    )
    missing_features: list[WithoutFeatures] | None = None
    test_rows_sha256: str | None = Field(
        default=None, description="Of the dataset and its test rows: equal where they are the same."
    )
    period: RegressionErrors
    depth: RegressionErrors
    baseline: Baseline | dict[str, Any] | None


class EvaluationAnswer(Success):
    """The evaluation of a completed session."""

    evaluation: Evaluation


class Pairs(Answer):
    """True against predicted values of the same test rows."""

    true: list[float]
    predicted: list[float | None]


class EvaluationPoints(Success):
    """Period and depth of the test rows; of more than 2,000 rows evenly spaced ones."""

    row: list[int] = Field(description="The place among the dataset's accepted rows.")
    label: list[int]
    period: Pairs = Field(description="Days.")
    depth: Pairs = Field(description="ppm.")
    count: int
    total: int


class EvaluationRowsQuery(Page):
    """Which cell of the confusion matrix; without `true` or `predicted` the whole line of cells."""

    true: LabelFilter | None = None
    predicted: LabelFilter | None = None


class EvaluationRow(Answer):
    """A test row and its prediction; `row` is its place among the dataset's accepted rows."""

    row: int
    line: int | None
    star: str | None
    true: int
    true_name: str
    predicted: int
    predicted_name: str
    probabilities: dict[str, float | None]
    period: float | None
    depth_ppm: float | None
    candidate: dict[str, float | None] | None = Field(
        description="The nine columns; null when the dataset was deleted."
    )


class EvaluationRows(Success):
    """Some test rows, and how many there are in all."""

    rows: list[EvaluationRow]
    count: int
    total: int
    offset: int
    limit: int
