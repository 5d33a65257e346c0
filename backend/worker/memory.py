"""The memory that this process holds."""

import os
import resource
import sys

# A model with its graph takes about 50 MB.
MODELS_KEPT_LOADED = 4

_MEGABYTE = 1 << 20


def resident_mb() -> float:
    """Resident memory of this process in MB; where the system knows only the peak, the peak."""
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (_MEGABYTE if sys.platform == "darwin" else 1024)


class OverLimit(MemoryError):
    """A session took more than it may; the message is `over_limit_message`."""


def over_limit_message(limit_mb: int) -> str:
    """The message for the owner of a session that used too much memory."""
    return (
        f"The session used more than the {limit_mb} MB that EXOTRAIN_TRAINING_MEMORY_MB allows. "
        "Use a smaller batch_size or dataset, or have the administrator raise the limit."
    )
