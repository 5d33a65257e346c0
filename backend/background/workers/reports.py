"""What a runner reports of a session, and in which words it explains the end of one."""

import signal
from collections.abc import Callable

from backend import wire

# The session, the number of its start, the event.
Report = Callable[[int, int, wire.ReportedEvent], None]

# Signals by which a program ends itself, or the kernel ends it for what it did.
_CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}


def exited_because(what: str, error: Exception) -> wire.Exited:
    """The last event of a session that an exception of the server's own ended."""
    words = f"{what} ({type(error).__name__}: {str(error)[:500]}). Retry it later."
    reason: wire.Reason = "out_of_memory" if isinstance(error, MemoryError) else "crashed"
    return wire.Exited(reason=reason, message=wire.encodable(words))


def explain_exit(code: int | None, verdict: str | None, *, is_out_of_memory: bool) -> wire.Exited:
    """The last event of a session whose worker is gone.

    Args:
        code: of the process, negative for a signal; None: the system has not let go of it.
        verdict: why the server ended it; None: it did not.
        is_out_of_memory: whether the kernel has counted a victim of a lack of memory just now.
    """
    if verdict is None and code == -signal.SIGKILL and is_out_of_memory:
        return wire.Exited(
            reason="out_of_memory",
            message="The machine ran out of memory, and the system killed the session. "
            "Use a smaller dataset or batch_size, or train fewer sessions at once, then retry.",
        )
    how = f"{verdict} and was ended" if verdict is not None else _how(code)
    return wire.Exited(
        reason="crashed",
        message=f"The session's process {how}; the server's log has its last output.",
        may_retry=True,
    )


def _how(code: int | None) -> str:
    if code is None:
        return "cannot be ended: the system does not let go of it"
    if code >= 0:
        return f"ended without a result (exit code {code})"
    if -code in _CRASHES:
        return f"crashed (signal {-code}, {signal.Signals(-code).name})"
    return f"was killed from outside (signal {-code})"
