"""/api/analyses: saved predictions with notes."""

import json
from typing import Any

from apiflask import APIBlueprint
from pydantic import ValidationError
from sqlalchemy import Connection

from backend.database import analyses, models, workspaces
from backend.database.connection import Record
from backend.errors import Invalid
from backend.services.bin.emptying import finish
from backend.services.bin.put import put
from backend.services.quota import require_analysis_place, require_bytes
from backend.web.access import NO_WORKSPACE, usable_analysis, workspace_by_key
from backend.web.audit_log import record
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.json_provider import without_depth
from backend.web.schemas.analyses import (
    Analyses,
    AnalysisAnswer,
    AnalysisChange,
    AnalysisRequest,
)
from backend.web.schemas.base import Done, WorkspaceQuery
from backend.web.schemas.candidates import CandidateBody
from backend.web.validation_messages import field_errors, summary

# The longest candidate, in characters of JSON, that is saved with an error as its prediction.
MAX_REFUSED = 2_000

_QUOTA_FULL = "The quota of the workspace's owner is full"

analyses_bp = APIBlueprint("analyses", __name__, url_prefix="/api/analyses", tag="Analyses")


@analyses_bp.get("")
@analyses_bp.input(WorkspaceQuery, location="query")
@analyses_bp.output(Analyses)
@analyses_bp.doc(responses=NO_WORKSPACE)
def list_analyses(query_data: WorkspaceQuery) -> Record:
    """List the analyses of a workspace, newest first, without their rows."""
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, query_data.workspace_key)
        found = analyses.in_workspace(connection, workspace["id"])
    return {"analyses": found, "count": len(found)}


@analyses_bp.post("")
@analyses_bp.input(AnalysisRequest)
@analyses_bp.output(AnalysisAnswer, 201)
@analyses_bp.doc(
    responses={
        **NO_WORKSPACE,
        429: "The workspace's owner has EXOTRAIN_QUOTA_ANALYSES analyses already",
        507: _QUOTA_FULL,
    }
)
def create_analysis(json_data: AnalysisRequest) -> tuple[Record, int, Record]:
    """Save candidates with their predictions and a note."""
    candidates = _checked_candidates(json_data)
    with services().database.write() as connection:
        workspace = workspace_by_key(connection, json_data.workspace_key)
        _require_model_of(connection, workspace, json_data.model_id)
        owner = workspace["owner_id"]
        require_analysis_place(services(), connection, owner)
        created = analyses.create(
            connection,
            workspace["id"],
            user_id=current_user()["id"],
            model_id=json_data.model_id,
            title=json_data.title,
            note=json_data.note,
            candidates=candidates,
            predictions=[each.model_dump() for each in json_data.predictions],
        )
        require_bytes(services(), connection, owner, 0)  # now that the size is known
        answer = _answer(connection, created["id"])
    return answer, 201, {"Location": f"/api/analyses/{created['id']}"}


@analyses_bp.get("/<int:analysis_id>")
@analyses_bp.output(AnalysisAnswer)
def get_analysis(analysis_id: int) -> Record:
    """Return one analysis with its candidates and predictions."""
    with services().database.read() as connection:
        return _answer(connection, analysis_id)


@analyses_bp.patch("/<int:analysis_id>")
@analyses_bp.input(AnalysisChange)
@analyses_bp.output(AnalysisAnswer)
@analyses_bp.doc(responses={507: _QUOTA_FULL})
def update_analysis(analysis_id: int, json_data: AnalysisChange) -> Record:
    """Change the title or the note; absent fields stay as they are."""
    changes = {k: v for k, v in json_data.model_dump().items() if v is not None}
    with services().database.write() as connection:
        analysis = usable_analysis(connection, analysis_id)
        if changes:
            analyses.change(connection, analysis_id, **changes)
            _require_room_for_growth(connection, analysis, changes)
        return _answer(connection, analysis_id)


@analyses_bp.delete("/<int:analysis_id>")
@analyses_bp.output(Done)
def delete_analysis(analysis_id: int) -> Record:
    """Delete an analysis."""
    with services().database.write() as connection:
        analysis = _answer(connection, analysis_id)["analysis"]
        name, user_id = analysis["title"], current_user()["id"]
        bin_id = put(services(), connection, "analysis", analysis, name, user_id)
        analyses.remove(connection, analysis_id)
        record(
            connection,
            "analysis_deleted",
            workspace_id=analysis["workspace_id"],
            target=f"analysis {analysis_id}",
            detail=analysis["title"],
        )
    finish(services(), bin_id)
    return {"message": f"Analysis {analysis_id} was deleted."}


def _answer(connection: Connection, analysis_id: int) -> Record:
    analysis = usable_analysis(connection, analysis_id)
    # Earlier releases stored candidates of any depth.
    return {"analysis": {**analysis, "candidates": without_depth(analysis["candidates"])}}


def _require_room_for_growth(connection: Connection, analysis: Record, changes: Record) -> None:
    """Check the quota of a longer note; a shorter one is welcome where the quota is used up."""
    if len(changes.get("note", "")) > len(analysis["note"]):
        owner = workspaces.owner_of(connection, analysis["workspace_id"])
        require_bytes(services(), connection, owner, 0)


def _checked_candidates(asked: AnalysisRequest) -> list[Any]:
    """The candidates; one whose prediction is an error stays as it was given.

    Raises:
        Invalid: a predicted one is not a candidate, or one with an error is too long to save.
    """
    kept: list[Any] = []
    errors: list[dict[str, Any]] = []
    for place, (given, predicted) in enumerate(
        zip(asked.candidates, asked.predictions, strict=True)
    ):
        try:
            kept.append(_refused(given) if predicted.error else _candidate(given))
        except ValidationError as error:
            errors += [
                {
                    **each,
                    "field": ".".join(filter(None, ["candidates", str(place), each.get("field")])),
                }
                for each in field_errors(error, CandidateBody)
            ]
        except ValueError as error:
            errors.append({"field": f"candidates.{place}", "message": str(error)})
    if errors:
        raise Invalid(summary(errors), errors)
    return kept


def _candidate(given: Any) -> Record:
    return CandidateBody.model_validate(given).model_dump()


def _refused(given: Any) -> Any:
    if len(json.dumps(given)) > MAX_REFUSED:
        raise ValueError(
            f"Expected at most {MAX_REFUSED:,} characters for a candidate whose prediction is an "
            "error, received more."
        )
    return given


def _require_model_of(connection: Connection, workspace: Record, model_id: int | None) -> None:
    if model_id is None:
        return
    model = models.find(connection, model_id)
    if model is None or model["workspace_id"] != workspace["id"]:
        raise Invalid.field("model_id", f"There is no model {model_id} in this workspace.")
