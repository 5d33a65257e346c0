"""The number by which a request is found in the log, in answers and at the proxy."""

import re
import secrets
from collections.abc import Iterable
from contextvars import ContextVar

HEADER = "X-Request-ID"

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

# Of the request that this thread or task works on; None outside of one.
current: ContextVar[str | None] = ContextVar("request_id", default=None)


def chosen(received: Iterable[str]) -> str:
    """What the client, or the proxy before it, calls its request; a new one, unless it is sane.

    Args:
        received: the values of the header: none, one, or several, of which none counts.
    """
    values = list(received)
    if len(values) == 1 and _SANE.fullmatch(values[0]):
        return values[0]
    return secrets.token_hex(8)
