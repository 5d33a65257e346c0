"""What is done with each request that was answered: it is counted, and logged if that is asked."""

from backend.services.context import Services
from backend.web.http_server.seen import Observe, Seen
from backend.web.tracing.access_log import AccessLog


def observer_of(services: Services, access_log: AccessLog) -> Observe:
    """Counts requests in the metrics of an application, and gives them to a log."""

    def observe(seen: Seen) -> None:
        services.metrics.request_times.add(seen.method, seen.route, seen.status, seen.seconds)
        access_log.add(seen)

    return observe
