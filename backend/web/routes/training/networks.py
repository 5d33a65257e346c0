"""/api/networks: what a session can train."""

from dataclasses import asdict

from apiflask import APIBlueprint

from backend.database.connection import Record
from backend.training import defaults
from backend.transit.networks.registry import NETWORKS
from backend.web.schemas.training.networks import Networks

networks_bp = APIBlueprint("networks", __name__, url_prefix="/api", tag="Networks")


@networks_bp.get("/networks")
@networks_bp.output(Networks)
def list_networks() -> Record:
    """List the networks that a session can train."""
    found = [asdict(network) for network in NETWORKS.values()]
    return {"networks": found, "default": defaults.NETWORK, "count": len(found)}
