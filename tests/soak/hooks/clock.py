"""A clock that a test can put forward and back while the processes run.

The file named by CLOCK_FILE holds by how many seconds. It moves `time.time`, `time.time_ns` and
`datetime.datetime.now`, `utcnow` and `today`; not the monotonic clock, which no real change of
the time moves either, not the times of files, and nothing that a library asks in C.
"""

import datetime
import os
import time
from pathlib import Path
from typing import Any

_FILE = Path(os.environ["CLOCK_FILE"])

_time, _time_ns = time.time, time.time_ns


def _moved_by() -> float:
    try:
        return float(_FILE.read_text() or 0)
    except FileNotFoundError:
        return 0.0


class _Moved(datetime.datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return super().now(tz) + datetime.timedelta(seconds=_moved_by())

    @classmethod
    def utcnow(cls) -> Any:
        return super().utcnow() + datetime.timedelta(seconds=_moved_by())

    @classmethod
    def today(cls) -> Any:
        return cls.now()


_Moved.__name__ = _Moved.__qualname__ = "datetime"

time.time = lambda: _time() + _moved_by()
time.time_ns = lambda: _time_ns() + int(_moved_by() * 1e9)
datetime.datetime = _Moved  # type: ignore[misc]
