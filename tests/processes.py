"""What a process has used, as Linux tells it."""

import os
from pathlib import Path


def processor_seconds(process_id: int) -> float:
    """User and system time so far, in steps of 10 ms.

    Raises:
        OSError: the process is gone.
    """
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processes_of(folder: Path) -> dict[int, str]:
    """The command lines of the processes that name a folder there or in their environment."""
    found = {}
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            try:
                texts = [(process / name).read_bytes() for name in ("cmdline", "environ")]
            except OSError:  # it has ended, or is somebody else's
                continue
            if any(f"{folder}".encode() in text for text in texts):
                found[int(process.name)] = texts[0].replace(b"\0", b" ").decode(errors="replace")
    return found


def resident_mb(process_id: int) -> float:
    """Resident memory."""
    return _memory_mb(process_id, "VmRSS:")


def peak_mb(process_id: int) -> float:
    """The most resident memory so far."""
    return _memory_mb(process_id, "VmHWM:")


def _memory_mb(process_id: int, name: str) -> float:
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    found = (int(line.split()[1]) / 1024 for line in lines if line.startswith(name))
    return next(found, 0.0)  # a process that has just ended has none
