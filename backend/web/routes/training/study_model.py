"""POST /api/training/studies/<id>/model: one model of all folds."""

from apiflask import APIBlueprint
from flask import request

from backend.database import datasets, studies
from backend.database.connection import Record
from backend.errors import Conflict
from backend.services.sessions.start import checked_key
from backend.services.studies.model import add_model
from backend.web.access import usable_study
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.routes.training.sessions import started
from backend.web.schemas.training.requests.studies import JoinRequest
from backend.web.schemas.training.sessions import StartAnswer

study_model_bp = APIBlueprint(
    "study_model", __name__, url_prefix="/api/training/studies", tag="Models of studies"
)


@study_model_bp.post("/<int:study_id>/model")
@study_model_bp.input(JoinRequest)
@study_model_bp.output(StartAnswer, 202)
@study_model_bp.doc(
    responses={
        409: "No seed has a model of every fold yet, the study is of another kind than folds, or "
        "the dataset was deleted",
        429: "EXOTRAIN_QUOTA_PENDING of your sessions are waiting already",
        507: "The quota of the workspace's owner is used up",
    }
)
def create_study_model(study_id: int, json_data: JoinRequest) -> tuple[Record, int, Record]:
    """Join the models of all folds to one, which gives their mean.

    It is made by a session that trains nothing. Its evaluation is that of its members on rows that
    they never saw; their mean is usually better. With an `Idempotency-Key` header a repeated
    request starts no second session.
    """
    key = checked_key(request.headers.get("Idempotency-Key"))
    with services().database.write() as connection:
        study = usable_study(connection, study_id)
        dataset = datasets.find(connection, study["dataset_id"] or 0)
        if dataset is None:
            raise Conflict(f"The dataset of study {study_id} was deleted: upload it again.")
        session = add_model(
            services(),
            connection,
            study,
            studies.parts_of(connection, [study_id])[study_id],
            dataset,
            model_name=json_data.model_name or f"{study['name']}_joined",
            user_id=current_user()["id"],
            idempotency_key=key,
        )
        answer = started(connection, session, dataset)
    services().notify()
    return answer
