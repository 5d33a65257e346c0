"""In which words the end of a session is explained."""

import signal

import pytest

from backend import wire
from backend.background.workers.reports import exited_because, explain_exit


@pytest.mark.parametrize(
    ("error", "reason", "why"),
    [
        (OSError("no \udc80.so"), "crashed", "OSError: no \\udc80.so"),
        (MemoryError("3 GiB"), "out_of_memory", "MemoryError: 3 GiB"),
        (ValueError("x" * 501), "crashed", f"ValueError: {'x' * 500}"),
    ],
)
def test_an_exception_of_the_server_ends_a_session_with_its_name(error, reason, why):
    exited = exited_because("No worker could start", error)
    assert exited == wire.Exited(
        reason=reason, message=f"No worker could start ({why}). Retry it later."
    )
    wire.encode(exited)


@pytest.mark.parametrize(
    ("code", "verdict", "how"),
    [
        (None, None, "cannot be ended: the system does not let go of it"),
        (0, None, "ended without a result (exit code 0)"),
        (1, None, "ended without a result (exit code 1)"),
        (-signal.SIGHUP, None, "was killed from outside (signal 1)"),
        (-signal.SIGKILL, None, "was killed from outside (signal 9)"),
        (-signal.SIGTERM, None, "was killed from outside (signal 15)"),
        (-signal.SIGABRT, None, f"crashed (signal {int(signal.SIGABRT)}, SIGABRT)"),
        (-signal.SIGBUS, None, f"crashed (signal {int(signal.SIGBUS)}, SIGBUS)"),
        (-signal.SIGKILL, "did nothing for 120 s", "did nothing for 120 s and was ended"),
        (None, "did nothing for 120 s", "did nothing for 120 s and was ended"),
    ],
)
def test_a_process_that_is_gone_is_explained_by_its_verdict_or_its_exit_code(code, verdict, how):
    assert explain_exit(code, verdict, is_out_of_memory=False) == wire.Exited(
        reason="crashed",
        message=f"The session's process {how}; the server's log has its last output.",
        may_retry=True,
    )


@pytest.mark.parametrize(
    ("code", "verdict", "is_for_memory"),
    [
        (-signal.SIGKILL, None, True),
        (-signal.SIGTERM, None, False),
        (signal.SIGKILL, None, False),
        (None, None, False),
        (-signal.SIGKILL, "did nothing for 120 s", False),
    ],
)
def test_a_lack_of_memory_explains_nothing_but_a_kill_that_nobody_gave(
    code, verdict, is_for_memory
):
    exited = explain_exit(code, verdict, is_out_of_memory=True)
    assert exited.may_retry is not is_for_memory
    assert exited.reason == ("out_of_memory" if is_for_memory else "crashed")
    assert exited.message.startswith("The machine ran out of memory,") is is_for_memory
