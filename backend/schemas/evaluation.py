"""What is known of a completed session's model from its test stars."""

from typing import Any

from pydantic import ConfigDict, Field

from backend.schemas.base import Answer, LabelFilter, Page, Success

ByClass = dict[str, float | None]


class ClassFigures(Answer):
    """One class against the others; null where nothing was predicted or present."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


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
    """A boosted tree on the same stars: with what the network had, and with all nine columns."""

    same_information: Figures
    all_columns: Figures


class Evaluation(Figures):
    """The network's figures, the points behind its curves, and the baseline's same figures."""

    reliability: Reliability
    roc: dict[str, dict[str, list[float]]] = Field(description="`fpr` and `tpr` by class.")
    precision_recall: dict[str, dict[str, list[float]]] = Field(
        description="`recall` and `precision` by class."
    )
    period: RegressionErrors
    depth: RegressionErrors
    baseline: Baseline | dict[str, Any] | None


class EvaluationAnswer(Success):
    """The evaluation of a completed session."""

    evaluation: Evaluation


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
