"""/api/light-curves/uploads: large files that come in pieces."""

from apiflask import APIBlueprint
from flask import request
from werkzeug.http import parse_content_range_header

from backend.database.connection import Record
from backend.errors import Invalid
from backend.services.curves import uploads
from backend.web.access import NO_WORKSPACE, usable_upload, workspace_by_key
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.request_body import takes
from backend.web.schemas.base import Done
from backend.web.schemas.curves.sets import CurveUploadAnswer, CurveUploadRequest

curve_uploads_bp = APIBlueprint(
    "curve_uploads", __name__, url_prefix="/api/light-curves/uploads", tag="Light curves"
)


@curve_uploads_bp.post("")
@curve_uploads_bp.input(CurveUploadRequest)
@curve_uploads_bp.output(CurveUploadAnswer, 201)
@curve_uploads_bp.doc(responses={**NO_WORKSPACE, 409: "Your unfinished uploads are too large"})
def start_curve_upload(json_data: CurveUploadRequest) -> tuple[Record, int, Record]:
    """Begin to send a large file in pieces: what has come stays if the connection breaks."""
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, json_data.workspace_key)
    user_id = current_user()["id"]
    upload = uploads.begin(services(), workspace, user_id, json_data.name, json_data.size)
    location = f"/api/light-curves/uploads/{upload['id']}"
    return {"upload": upload}, 201, {"Location": location}


@curve_uploads_bp.get("/<int:upload_id>")
@curve_uploads_bp.output(CurveUploadAnswer)
def get_curve_upload(upload_id: int) -> Record:
    """Return how much of an upload has been received."""
    with services().database.read() as connection:
        upload = usable_upload(connection, upload_id)
    return {"upload": uploads.find(services(), upload)}


@curve_uploads_bp.put("/<int:upload_id>")
@takes("piece")
@curve_uploads_bp.output(CurveUploadAnswer)
@curve_uploads_bp.doc(responses={409: "The piece does not follow what has been received"})
def upload_curve_piece(upload_id: int) -> Record:
    """Send the next piece of an upload: its bytes as the body, its place in `Content-Range`.

    If the connection breaks within a piece, what has come of it counts: ask how much was received,
    and go on there.
    """
    with services().database.read() as connection:
        upload = usable_upload(connection, upload_id)
    start, length, total = _range()
    found = uploads.append(services(), upload, start, length, total, request.stream)
    return {"upload": found}


@curve_uploads_bp.delete("/<int:upload_id>")
@curve_uploads_bp.output(Done)
@curve_uploads_bp.doc(responses={409: "A request is sending a piece of it"})
def delete_curve_upload(upload_id: int) -> Record:
    """Delete an upload and what has been received of it."""
    with services().database.read() as connection:
        upload = usable_upload(connection, upload_id)
    uploads.remove(services(), upload)
    return {"message": f"Upload {upload_id} was deleted."}


def _range() -> tuple[int, int, int]:
    """Start and length of the piece, and the size of the file, as `Content-Range` says them."""
    text = request.headers.get("Content-Range")
    said = parse_content_range_header(text)
    if said is None or said.units != "bytes" or said.start is None or said.length is None:
        received = "none" if text is None else repr(text[:100])
        raise Invalid.field(
            "Content-Range", f"Expected such as `bytes 0-999/5000`, received {received}."
        )
    assert said.stop is not None
    return said.start, said.stop - said.start, said.length
