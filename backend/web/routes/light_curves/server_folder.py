"""/api/light-curves/server-folder: what is in the folder of light curves that the server has."""

from apiflask import APIBlueprint

from backend.database.connection import Record
from backend.errors import Forbidden
from backend.services.curves.folder_files import require_folder
from backend.web.audit_log import record
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.schemas.curves.server_folder import ServerFolderAnswer

server_folder_bp = APIBlueprint(
    "server_folder", __name__, url_prefix="/api/light-curves/server-folder", tag="Light curves"
)


@server_folder_bp.get("")
@server_folder_bp.output(ServerFolderAnswer)
def get_server_folder() -> Record:
    """Return what is in the server's folder of light curves; null if it has none.

    Every user of the server can make curve sets of what is in it.
    """
    folder = services().server_folder
    return {"server_folder": None if folder is None else folder.status()}


@server_folder_bp.post("")
@server_folder_bp.output(ServerFolderAnswer, 202)
@server_folder_bp.doc(
    responses={403: "You are not the administrator", 409: "The server has no such folder"}
)
def update_server_folder() -> Record:
    """Look through the server's folder again, the files too that were refused.

    Raises:
        Forbidden: the user is not the administrator.
        Conflict: there is no folder.
    """
    if not current_user()["is_admin"]:
        raise Forbidden("Only the administrator may have the server's folder indexed.")
    folder = require_folder(services())
    with services().database.write() as connection:
        record(connection, "server_folder_indexed")
    folder.look_again()
    return {"server_folder": folder.status()}
