"""/api/models: the models of completed sessions."""

import os
from contextlib import ExitStack
from pathlib import Path

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, request, send_file
from sqlalchemy import Connection

from backend.database import models
from backend.database.connection import Record
from backend.database.listing import model_facts
from backend.database.listing import models as listing
from backend.database.listing.facts import FIGURES
from backend.database.listing.models import MODELS
from backend.errors import NotFound
from backend.services.aftermath import left_to_the_next_start
from backend.services.bin.emptying import finish
from backend.services.listing.asked import find_page
from backend.services.models import bulk
from backend.services.predictions.model import verdict_sentence
from backend.storage.layout import model_path
from backend.storage.verified import open_verified
from backend.web.access import NO_WORKSPACE, usable_model, workspace_by_key
from backend.web.audit_log import record, record_download
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.schemas.base import Done
from backend.web.schemas.models import (
    DownloadQuery,
    ModelAnswer,
    Models,
    ModelsQuery,
    PromoteAnswer,
)
from backend.web.schemas.training.listing import MarksRequest

models_bp = APIBlueprint("models", __name__, url_prefix="/api/models", tag="Models")

_CORRUPT = {409: "The model's file is damaged or missing on the server (`model_corrupt`)"}


@models_bp.get("")
@models_bp.input(ModelsQuery, location="query")
@models_bp.output(Models)
@models_bp.doc(responses=NO_WORKSPACE)
def list_models(query_data: ModelsQuery) -> Record:
    """List the models of a workspace, newest first.

    Those of studies are left out; `study` lists those of one. `sort`, `filter`, `q`, `group` and
    `limit` choose others, another order and a page of them.
    """
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, query_data.workspace_key)
        if query_data.is_plain:
            found = listing.shown_in_workspace(connection, workspace["id"], query_data.study)
            answer = {}
        else:
            filters = request.args.getlist("filter")
            asked = query_data.asked(
                filters, cursor=query_data.cursor, limit=query_data.limit or 50
            )
            page = find_page(connection, MODELS, workspace["id"], query_data.study, asked)
            found = listing.shown_of(connection, page.ids)
            answer = {name: value for name, value in page._asdict().items() if name != "ids"}
    return {"models": [_described(each) for each in found], "count": len(found), **answer}


@models_bp.patch("/<int:model_id>")
@models_bp.input(MarksRequest)
@models_bp.output(ModelAnswer)
def update_model(model_id: int, json_data: MarksRequest) -> Record:
    """Give a model a title, tags, a note or a star; what is not named stays as it is."""
    said = json_data.said()
    with services().database.write() as connection:
        model = usable_model(connection, model_id)
        if said:
            model_facts.change(connection, model_id, **said)
        if "title" in said:
            _record(connection, "model_renamed", {**model, "name": said["title"] or model["name"]})
        return {"model": _answer(connection, model)}


@models_bp.get("/<int:model_id>")
@models_bp.output(ModelAnswer)
def get_model(model_id: int) -> Record:
    """Return one model with its manifest: settings, training data and versions."""
    with services().database.read() as connection:
        return {"model": _answer(connection, usable_model(connection, model_id))}


@models_bp.get("/<int:model_id>/download")
@models_bp.input(DownloadQuery, location="query")
@models_bp.output(FileSchema, content_type="application/octet-stream")
@models_bp.doc(responses=_CORRUPT)
def download_model(model_id: int, query_data: DownloadQuery) -> Response:
    """Download the `.keras` file, or what the model keeps of its table.

    Plain Keras loads the `.keras` file in safe mode, NumPy the others: `np.load("….npy")`.
    """
    with services().database.read() as connection:
        model = usable_model(connection, model_id)
    response = _file_of(model, query_data.part)
    response.headers["Cache-Control"] = "private, no-cache"
    if response.status_code in (200, 206) and request.method == "GET":
        record_download(
            "model_downloaded",
            model["workspace_id"],
            f"model {model_id}",
            model["name"] if query_data.part == "model" else f"{model['name']}, {query_data.part}",
        )
    return response


@models_bp.post("/<int:model_id>/promote")
@models_bp.output(PromoteAnswer)
@models_bp.doc(responses=_CORRUPT)
def promote_model(model_id: int) -> Record:
    """Make a model the current one of its workspace; promote an older one to roll back.

    One that is no better than guessing can be promoted too; the message says so.
    """
    with ExitStack() as if_not_committed:
        with services().database.write() as connection:
            model = usable_model(connection, model_id)
            models.promote(connection, model, by_hand=True)
            # The file before the commit, under the write lock: two promotions at once end with one
            # model in both places. The next start repairs a kill in between, from the database.
            services().storage.promote(model["workspace_id"], model["file"], model["sha256"])
            if_not_committed.callback(_restore_copy, model["workspace_id"])
            _record(connection, "model_promoted", model)
            answer = _answer(connection, usable_model(connection, model_id))
        if_not_committed.pop_all()
    said = filter(None, (f"Model {model_id} is now the current model.", verdict_sentence(model)))
    return {"message": " ".join(said), "model": answer}


@models_bp.delete("/<int:model_id>")
@models_bp.output(Done)
@models_bp.doc(
    responses={409: "It is the workspace's current model, or a batch or a study needs it"}
)
def delete_model(model_id: int) -> Record:
    """Delete a model and its files; analyses made with it stay."""
    with services().database.write() as connection:
        bin_id = delete(connection, usable_model(connection, model_id))
    finish(services(), bin_id)
    return {"message": f"Model {model_id} was deleted."}


def delete(connection: Connection, model: Record) -> int:
    """Put a model into the bin and record it; gives the id there, to `finish`.

    Raises:
        Conflict: it cannot be deleted now.
    """
    bin_id = bulk.delete(services(), connection, model, current_user()["id"])
    _record(connection, "model_deleted", model)
    return bin_id


def _restore_copy(workspace_id: int) -> None:
    """Copy the model again that the database has as the current one."""
    what = f"the repair of model/{workspace_id}/exoplanet_model.keras"
    with left_to_the_next_start(what), services().database.write() as connection:
        for model in models.current_models(connection):
            if model["workspace_id"] == workspace_id:
                services().storage.promote(workspace_id, model["file"], model["sha256"])


def _record(connection: Connection, action: str, model: Record) -> None:
    record(
        connection,
        action,
        workspace_id=model["workspace_id"],
        target=f"model {model['id']}",
        detail=model["name"],
    )


def _path_and_hash(model: Record, part: str) -> tuple[Path, str | None]:
    storage, file = services().storage, model["file"]
    match part:
        case "training_rows":
            return storage.model_neighbours(file), models.neighbours_sha256(model)
        case "relations":
            return storage.model_related(file), models.related_sha256(model)
        case _:
            return storage.model(file), model["sha256"]


def _file_of(model: Record, part: str) -> Response:
    """One of a model's files, or the range of it that was asked for: what was hashed is sent.

    Raises:
        NotFound: a model of an earlier release has no such file.
        ModelCorrupt: it is damaged or missing.
    """
    path, sha256 = _path_and_hash(model, part)
    if sha256 is None:
        raise NotFound(f"Model {model['id']} keeps no {part}: an earlier release saved it.")
    file = open_verified(path, sha256)
    status = os.fstat(file.fileno())
    try:
        response = send_file(
            file,
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=path.name,
            etag=sha256,
            last_modified=status.st_mtime,
            conditional=False,  # Flask does not know the size of an open file
        )
        response.content_length = status.st_size
        response.make_conditional(request, accept_ranges=True, complete_length=status.st_size)
        return response
    except BaseException:
        file.close()
        raise


def _answer(connection: Connection, model: Record) -> Record:
    (shown,) = listing.shown_of(connection, [model["id"]])
    return _described(shown)


def _described(model: Record) -> Record:
    shown = {name: model["manifest"].get(name) for name in ("metrics", "evaluation")}
    return {
        **model,
        "path": model_path(model["file"]),
        **shown,
        "figures": model if any(model[name] is not None for name in FIGURES) else None,
        "verdict": models.verdict_of(model),
        "simulated": models.is_simulated(model),
    }
