"""What the runners have in common that train on the server's machine."""

from collections.abc import Callable

from backend import wire
from backend.background.cluster.needs import Place
from backend.background.cluster.state import ClusterState


class ThisMachine:
    """A part of a `runners.Runner`: sessions reserve nothing; each that may train has a place."""

    @property
    def cluster(self) -> ClusterState | None:
        """None: there is none."""
        return None

    def begin(self, changed: Callable[[], None]) -> None:
        """Nothing to get ready."""

    def place_for(self, needs: wire.Needs) -> Place:
        """Always now."""
        return "now"

    def most_at_once(self, needs: wire.Needs) -> int | None:
        """None: as many as may train at once."""
        return None

    def why_waiting(self, needs: wire.Needs) -> str | None:
        """None: for nothing but others to end."""
        return None

    def node_of(self, session_id: int) -> wire.Node | None:
        """None: on this machine."""
        return None
