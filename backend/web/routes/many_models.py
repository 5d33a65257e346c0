"""/api/models.csv and /api/models/bulk: all models of a list, and one action on many."""

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, request
from sqlalchemy import Connection

from backend.database.connection import Record
from backend.database.listing.models import MODELS
from backend.errors import NotFound
from backend.services.bin.emptying import finish
from backend.services.listing.asked import find_ids
from backend.services.models import bulk
from backend.services.models.table import as_csv
from backend.web.access import NO_WORKSPACE, usable_model, workspace_by_key
from backend.web.current import services
from backend.web.routes.models import delete
from backend.web.routes.training.bulk import outcomes_of, workspace_of
from backend.web.schemas.models import ModelsChoice
from backend.web.schemas.training.bulk import BulkAnswer, ModelsBulkRequest

many_models_bp = APIBlueprint("many_models", __name__, url_prefix="/api", tag="Models")


@many_models_bp.get("/models.csv")
@many_models_bp.input(ModelsChoice, location="query")
@many_models_bp.output(FileSchema, content_type="text/csv")
@many_models_bp.doc(responses=NO_WORKSPACE)
def download_models(query_data: ModelsChoice) -> Response:
    """Download the models of a workspace as CSV: all that match, with every column.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, query_data.workspace_key)
        asked = query_data.asked(request.args.getlist("filter"))
        ids = find_ids(connection, MODELS, workspace["id"], query_data.study, asked)
    response = Response(as_csv(services().database, ids), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="models.csv"'
    return response


@many_models_bp.post("/models/bulk")
@many_models_bp.input(ModelsBulkRequest)
@many_models_bp.output(BulkAnswer)
@many_models_bp.doc(responses=NO_WORKSPACE)
def update_models(json_data: ModelsBulkRequest) -> Record:
    """Delete, star or tag many models; each may be refused by itself.

    All that is done is done in one transaction: if the call fails, nothing was done.
    """
    deleted = []
    with services().database.write() as connection:
        workspace_id = workspace_of(connection, json_data)

        def act(model_id: int) -> None:
            model = _model(connection, model_id, workspace_id)
            if json_data.action == "delete":
                deleted.append(delete(connection, model))
            else:
                bulk.mark(json_data.action, connection, model, json_data.tags)

        answer = outcomes_of(json_data.model_ids, act)
    for bin_id in deleted:
        finish(services(), bin_id)
    return answer


def _model(connection: Connection, model_id: int, workspace_id: int | None) -> Record:
    model = usable_model(connection, model_id)
    if workspace_id not in (None, model["workspace_id"]):
        raise NotFound(f"There is no model {model_id} in this workspace.")
    return model
