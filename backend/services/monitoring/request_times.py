"""How long requests took: a histogram with few labels, whatever clients ask for."""

from prometheus_client import CollectorRegistry, Histogram

# Upper bounds in seconds: a page is read in milliseconds, an upload or a catalogue takes longer.
# Each is a line more for every method, route and status, and lines are what a scrape costs.
_BOUNDS = (0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0)

# A HEAD is a GET whose answer is cut off.
_METHODS = {each: each for each in ("GET", "POST", "PUT", "PATCH", "DELETE")} | {"HEAD": "GET"}

_OTHER_METHOD = "other"

# Of a request that no route matches, or that the application was not asked about; and of other
# methods, which every route has.
_UNKNOWN_ROUTE = "unknown"


class RequestTimes:
    """Seconds from the head of a request to the end of its answer."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Make the histogram in a registry."""
        self._seconds = Histogram(
            "exotrain_http_request_duration_seconds",
            "Seconds from the head of a request to the end of its answer.",
            labelnames=("method", "route", "status"),
            buckets=_BOUNDS,
            registry=registry,
        )

    def add(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count one request.

        Args:
            method: of HTTP, as the client wrote it.
            route: the route's template, such as `/api/models/<id>`; None: no route matched.
            status: of the answer.
            seconds: that it took.
        """
        known = _METHODS.get(method, _OTHER_METHOD)
        if route is None or known == _OTHER_METHOD:
            route = _UNKNOWN_ROUTE
        self._seconds.labels(known, route, f"{status // 100}xx").observe(seconds)
