"""The report of a dataset: what deserves a second look."""

from pydantic import Field

from backend.web.schemas.base import Answer


class ClassShare(Answer):
    """The number of rows with a label, and their share of the labelled rows."""

    rows: int
    share: float


class Duplicates(Answer):
    """Rows with the same star and the same nine columns."""

    rows: int = Field(description="Rows that repeat an earlier one.")
    contradictory_rows: int = Field(description="Rows that differ only in the label.")
    examples: list[list[int]] = Field(description="Lines of equal rows.")


class LabelledRows(Answer):
    """Rows of one star: their lines in the file and their labels."""

    star: str | None
    lines: list[int]
    labels: list[str | None]


class ContradictoryStars(Answer):
    """Stars whose rows have different labels: a planet and a false positive, or a mistake."""

    stars: int
    rows: int
    examples: list[LabelledRows]


class ContradictoryTransits(Answer):
    """Pairs of rows of one star with the same period and different labels."""

    pairs: int
    examples: list[LabelledRows]


class MissingByClass(Answer):
    """The share of rows without a value in this column, by class."""

    shares: dict[str, float]
    differs: bool = Field(
        description="The shares differ significantly, by more than 5 points: a missing value "
        "hints at the label."
    )


class Unphysical(Answer):
    """Rows with values that hardly any real star or planet has."""

    check: str
    columns: list[str]
    expected: str
    rows: int
    lines: list[int] = Field(description="Lines in the file of the first of these rows.")


class LeftOut(Answer):
    """The rows that were rejected, beside all of the file's."""

    rows: int
    of: int
    most_often: str | None = Field(description="The reason of most of them.")


class UnlikelyUnit(Answer):
    """A column that as a whole cannot be in the unit that is expected."""

    column: str
    expected: str
    likely: str
    median: float


class Placeholder(Answer):
    """A number that probably stands for a missing value."""

    column: str
    value: float
    rows: int


class SimilarName(Answer):
    """A column that was not read, and the absent one of ours that it may be."""

    column: str
    name: str
    known: str = Field(description="The known name that it is like.")


class UnknownUnit(Answer):
    """A column that was not read because its unit is not known."""

    column: str
    name: str
    unit: str
    known: str = Field(description="The units that are known for it.")


class UnreadEvidence(Answer):
    """Accepted rows in which a column besides the nine could not be read."""

    column: str = Field(description="`name`, `kind`, or an item of a row's `evidence`.")
    names: list[str] = Field(description="The columns of the file that it is read from.")
    rows: int
    has_reference: bool = Field(
        description="False for epochs of which nothing tells from which day they count."
    )


class KnownLabel(Answer):
    """A word in the column of labels that is one."""

    rows: int
    label: str = Field(description="Of these rows if nothing is said of the word.")


class ReportWarning(Answer):
    """A finding that needs attention."""

    code: str
    message: str


class ReadingReport(Answer):
    """What is odd about a table as a whole, whatever its labels are."""

    left_out: LeftOut | None = None
    lost_stars: int = Field(
        default=0, description="Star identifiers that a spreadsheet has rounded."
    )
    units: list[UnlikelyUnit] = Field(default=[])
    placeholders: list[Placeholder] = Field(default=[])
    unknown_labels: dict[str, int] = Field(
        default={}, description="Words in the column of labels that are none, and their rows."
    )
    known_labels: dict[str, KnownLabel] = Field(
        default={}, description="The other words in it, except for those that mean no label."
    )
    are_labels_binary: bool = Field(
        default=False, description="The labels are the numbers 0 and 1, and no others."
    )
    similar: list[SimilarName] = Field(default=[])
    unknown_units: list[UnknownUnit] = Field(default=[])
    unread_evidence: list[UnreadEvidence] = Field(default=[])
    notes: list[str] = Field(
        default=[],
        description="What was odd about a VOTable, FITS file, spreadsheet or the like on its way "
        "to a table: columns left out, formulas without a value, units that were not used.",
    )
    warnings: list[ReportWarning] = Field(description="Most urgent first.")


class Report(ReadingReport):
    """Findings that deserve a second look. The report never removes rows; it only informs."""

    class_balance: dict[str, ClassShare]
    duplicates: Duplicates
    contradictory_stars: ContradictoryStars
    contradictory_transits: ContradictoryTransits
    missing_by_class: dict[str, MissingByClass]
    unphysical: list[Unphysical]
