"""/api/training/sessions: the list of sessions; and what people say of one."""

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, request
from sqlalchemy import Connection

from backend.database import sessions
from backend.database.connection import Record
from backend.database.listing import facts
from backend.database.listing.sessions import SESSIONS
from backend.errors import Invalid
from backend.services.listing.asked import find_ids, find_page
from backend.services.sessions.place import most_at_once
from backend.services.sessions.table import as_csv
from backend.services.sessions.view import describe_all, described
from backend.services.sessions.waiting import places
from backend.web.access import NO_WORKSPACE, usable_session, workspace_by_key
from backend.web.audit_log import record
from backend.web.current import services
from backend.web.json_provider import respond
from backend.web.schemas.base import MAX_ID
from backend.web.schemas.training.listing import (
    MarksRequest,
    Sessions,
    SessionsChoice,
    SessionsQuery,
)
from backend.web.schemas.training.sessions import SessionAnswer

listing_bp = APIBlueprint("listing", __name__, url_prefix="/api/training", tag="Sessions")


@listing_bp.get("/sessions")
@listing_bp.input(SessionsQuery, location="query")
@listing_bp.output(Sessions)
@listing_bp.doc(responses=NO_WORKSPACE)
def list_sessions(query_data: SessionsQuery) -> Response:
    """List the sessions of a workspace, newest first, without their history.

    Those of studies are left out; `study` lists those of one. `sort`, `filter`, `q` and `group`
    choose others and another order; the cursor of such a list is of its order alone.
    """
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, query_data.workspace_key)
        is_plain = not any((query_data.sort, query_data.filter, query_data.q, query_data.group))
        find = _newest if is_plain else _sorted
        answer = find(connection, workspace["id"], query_data)
        if any(each["status"] == "pending" for each in answer["sessions"]):
            in_queue = places(connection, most_at_once(services()))
            for each in answer["sessions"]:
                each |= in_queue.get(each["id"], {})
                if each["waiting_for"] is not None:  # others that end are no help
                    each["wait_seconds"] = None
    return respond(Sessions, {**answer, "count": len(answer["sessions"])})


@listing_bp.get("/sessions.csv")
@listing_bp.input(SessionsChoice, location="query")
@listing_bp.output(FileSchema, content_type="text/csv")
@listing_bp.doc(responses=NO_WORKSPACE)
def download_sessions(query_data: SessionsChoice) -> Response:
    """Download the sessions of a workspace as CSV: all that match, with every column.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, query_data.workspace_key)
        asked = query_data.asked(request.args.getlist("filter"), query_data.filters())
        ids = find_ids(connection, SESSIONS, workspace["id"], query_data.study, asked)
        in_queue = places(connection, most_at_once(services()))
    lines = as_csv(services().database, ids, in_queue)
    response = Response(lines, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="sessions.csv"'
    return response


@listing_bp.patch("/session/<int:session_id>")
@listing_bp.input(MarksRequest)
@listing_bp.output(SessionAnswer)
def update_session(session_id: int, json_data: MarksRequest) -> Record:
    """Give a session a title, tags, a note or a star; what is not named stays as it is."""
    said = json_data.said()
    with services().database.write() as connection:
        session = usable_session(connection, session_id)
        if said:
            facts.change(connection, session_id, **said)
            sessions.change(connection, session_id)
        if "title" in said:
            record(
                connection,
                "session_renamed",
                workspace_id=session["workspace_id"],
                target=f"session {session_id}",
                detail=said["title"] or session["model_name"],
            )
        return {"session": described(services(), connection, session_id)}


def _newest(connection: Connection, workspace_id: int, query: SessionsQuery) -> Record:
    found = sessions.shown_in_workspace(
        connection,
        workspace_id,
        status=query.status,
        limit=query.limit + 1,
        before=_as_id(query.cursor),
        study_id=query.study,
    )
    shown = describe_all(services(), connection, found[: query.limit])
    return {
        "sessions": shown,
        "next_cursor": str(shown[-1]["id"]) if len(found) > query.limit else None,
    }


def _sorted(connection: Connection, workspace_id: int, query: SessionsQuery) -> Record:
    filters = request.args.getlist("filter")
    asked = query.asked(filters, query.filters(), query.cursor, query.limit)
    page = find_page(connection, SESSIONS, workspace_id, query.study, asked)
    shown = sessions.shown_of(connection, page.ids)
    return {
        "sessions": describe_all(services(), connection, shown),
        "next_cursor": page.next_cursor,
        "previous_cursor": page.previous_cursor,
        "total": page.total,
        "groups": page.groups,
    }


def _as_id(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    is_number = cursor.isascii() and cursor.isdigit() and len(cursor) < 20
    if not is_number or not 1 <= int(cursor) <= MAX_ID:
        raise Invalid.field("cursor", "Expected the next_cursor of an earlier response.")
    return int(cursor)
