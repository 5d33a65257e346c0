"""/api/training/studies/<id>/comparison: two studies on the rows that both have tested."""

from apiflask import APIBlueprint
from sqlalchemy import Connection

from backend.database import datasets, studies
from backend.database.connection import Record
from backend.errors import Invalid
from backend.services.studies.comparison import StudySide, require_comparable
from backend.storage.dataset_table import open_rows
from backend.web.access import usable_study
from backend.web.current import services
from backend.web.schemas.training.comparison import StudyComparisonAnswer, StudyComparisonQuery

study_comparisons_bp = APIBlueprint(
    "study_comparisons", __name__, url_prefix="/api/training/studies", tag="Comparisons of studies"
)

_NOT_COMPARABLE = {
    409: "The studies are of different tables, have different groups or no row in common, or files "
    "are missing on the server",
    503: "The comparison failed; it is tried again when you ask after `Retry-After` seconds",
}


@study_comparisons_bp.get("/<int:study_id>/comparison")
@study_comparisons_bp.input(StudyComparisonQuery, location="query")
@study_comparisons_bp.output(StudyComparisonAnswer)
@study_comparisons_bp.doc(responses=_NOT_COMPARABLE)
def get_study_comparison(study_id: int, query_data: StudyComparisonQuery) -> Record:
    """Compare two studies on the rows that both have tested.

    The figures are means over the seeds of each study. The interval of a difference comes from a
    bootstrap over the groups of rows, in which both are measured on the same draws. Studies that
    learnt different versions of the labels are compared on the rows that nobody has touched.
    """
    with services().database.read() as connection:
        one = _side(connection, study_id)
        if query_data.other == study_id:
            raise Invalid.field("other", f"Expected another study, received {study_id} itself.")
        other = _side(connection, query_data.other)
        found = (datasets.find(connection, each.study["dataset_id"] or 0) for each in (one, other))
        dataset = next((each for each in found if each is not None), None)
    require_comparable(one, other)
    in_file = None
    if one.labels_sha256 != other.labels_sha256 and dataset is not None:
        in_file = open_rows(services().tables.table(dataset))["label"]
    compared = services().study_comparisons.of(one, other, in_file)
    if compared is None:
        return {"state": "pending", "comparison": None}
    ids = {"one": study_id, "other": query_data.other}
    return {"state": "found", "comparison": ids | compared}


def _side(connection: Connection, study_id: int) -> StudySide:
    study = usable_study(connection, study_id)
    return StudySide(study, studies.parts_of(connection, [study_id])[study_id])
