"""/api/light-curves/<id>/views: what light curves show of the rows of a dataset, prepared once."""

from apiflask import APIBlueprint
from sqlalchemy import Connection

from backend.database.connection import Record
from backend.database.curves import view_jobs
from backend.errors import NotFound
from backend.services.curves import views
from backend.storage.removal import Removal
from backend.web.access import usable_curve_set, usable_dataset
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.schemas.base import Done
from backend.web.schemas.curves.views import (
    CurveViewsAnswer,
    CurveViewsFound,
    CurveViewsOf,
    CurveViewsQuery,
    CurveViewsRequest,
)

curve_views_bp = APIBlueprint(
    "curve_views", __name__, url_prefix="/api/light-curves", tag="Light curves"
)


@curve_views_bp.post("/<int:curve_set_id>/views")
@curve_views_bp.input(CurveViewsRequest)
@curve_views_bp.output(CurveViewsAnswer, 202)
@curve_views_bp.doc(
    responses={
        200: "They are there already",
        409: "The curve set has no light curves yet",
        429: "EXOTRAIN_QUOTA_PENDING of your preparations are waiting already; those that a "
        "session waits for do not count",
    }
)
def start_curve_views(curve_set_id: int, json_data: CurveViewsRequest) -> tuple[Record, int]:
    """Prepare what a curve set shows of all rows of a dataset, in the background.

    The light curve of each star is cleaned, flattened and folded for each of its rows. Views are
    kept for each dataset and version of the set: the same again changes nothing. What was
    cancelled or has failed begins again, and goes on where parts of it are there.
    """
    with services().database.write() as connection:
        curve_set, dataset = _both(connection, curve_set_id, json_data.dataset_id)
        found = views.ask(services(), connection, dataset, curve_set, current_user()["id"])
    services().notify_views()
    status = 200 if found["status"] == "completed" else 202
    return {"views": views.describe(found)}, status


@curve_views_bp.get("/<int:curve_set_id>/views")
@curve_views_bp.input(CurveViewsQuery, location="query")
@curve_views_bp.output(CurveViewsFound)
def get_curve_views(curve_set_id: int, query_data: CurveViewsQuery) -> Record:
    """Return the views of a dataset's rows by the newest version of a curve set.

    Without a dataset all views by this set are listed, also by earlier versions, newest first.
    """
    limit = query_data.limit
    with services().database.read() as connection:
        if query_data.dataset_id is None:
            curve_set = usable_curve_set(connection, curve_set_id)
            found = view_jobs.of_set(connection, curve_set["id"], limit + 1, query_data.cursor)
            one = None
        else:
            curve_set, dataset = _both(connection, curve_set_id, query_data.dataset_id)
            one = _asked_for(connection, curve_set, dataset)
            found = [one]
    shown = [views.describe(each) for each in found[:limit]]
    cursor = str(shown[-1]["id"]) if len(found) > limit else None
    return {
        "views": None if one is None else shown[0],
        "all": shown,
        "count": len(shown),
        "next_cursor": cursor,
    }


@curve_views_bp.delete("/<int:curve_set_id>/views")
@curve_views_bp.input(CurveViewsOf, location="query")
@curve_views_bp.output(Done)
@curve_views_bp.doc(responses={409: "A session that waits or trains needs them, or an open search"})
def delete_curve_views(curve_set_id: int, query_data: CurveViewsOf) -> Record:
    """Cancel the preparation of views, or delete views that are there.

    They can be prepared again at any time.
    """
    with Removal() as removal, services().database.write() as connection:
        curve_set, dataset = _both(connection, curve_set_id, query_data.dataset_id)
        found = _asked_for(connection, curve_set, dataset)
        views.require_unused(connection, found)
        if found["status"] == "running":
            view_jobs.change(connection, found["id"], request="cancel")
        else:
            views.forget(services(), connection, removal, [found])
    services().notify_views()
    what = "will be cancelled" if found["status"] == "running" else "were deleted"
    return {"message": f"The views of {dataset['name']} by {curve_set['name']} {what}."}


def _both(connection: Connection, curve_set_id: int, dataset_id: int) -> tuple[Record, Record]:
    curve_set = usable_curve_set(connection, curve_set_id)
    dataset = usable_dataset(connection, dataset_id)
    if dataset["workspace_id"] != curve_set["workspace_id"]:
        raise NotFound(f"There is no dataset {dataset_id} in this workspace.")
    return curve_set, dataset


def _asked_for(connection: Connection, curve_set: Record, dataset: Record) -> Record:
    found = views.find(connection, dataset, curve_set)
    if found is None:
        raise NotFound(
            f"Nobody has asked for the views of dataset {dataset['id']} by the newest version of "
            f"curve set {curve_set['id']}."
        )
    return found
