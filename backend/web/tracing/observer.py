"""What is done with each request that was answered: it is counted."""

from backend.services.context import Services
from backend.web.http_server.seen import Observe, Seen


def observer_of(services: Services) -> Observe:
    """Counts requests in the metrics of an application."""

    def observe(seen: Seen) -> None:
        services.metrics.request_times.add(seen.method, seen.route, seen.status, seen.seconds)

    return observe
