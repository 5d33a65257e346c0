"""/api/cluster: the nodes that sessions train on."""

from apiflask import APIBlueprint

from backend.database.connection import Record
from backend.services.sessions.place import cluster_of
from backend.web.current import services
from backend.web.schemas.training.cluster import Cluster

cluster_bp = APIBlueprint("cluster", __name__, tag="Cluster")


@cluster_bp.get("/api/cluster")
@cluster_bp.output(Cluster)
def get_cluster() -> Record:
    """Return the nodes of the cluster, what they have left, and why some are not used.

    A server that trains on its own machine has no nodes.
    """
    return cluster_of(services())
