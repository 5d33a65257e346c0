"""Whether the kernel has killed a process for lack of memory: its own counters, before and after.

A worker that ends by signal 9 may have been killed by the kernel or by a person. The counter to
trust is the one of the worker's own control group: the kernel adds to it each victim that belonged
to the group, whoever had run out, the group, one above it or the whole machine. Where there is no
such counter (no control groups, the root of version 2, a kernel before 4.13), the machine's counter
has to do. Its victim may have been any other process; but a worker asks to be the first
(`oom_score_adj`), so it is believed.
"""

import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PROC = Path("/proc")

# How many readings, one a tick of the judge, lie between "before" and "after": the kernel counts a
# victim first, and a large one may take seconds to be gone. A longer time would blame the memory
# for a kill by hand when another session ran out of it just before.
READINGS = 30

_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class KillCounter:
    """A file of the kernel with a line `oom_kill`: all three that count victims have it."""

    path: Path

    def read(self) -> int | None:
        """The number of victims so far; None where it cannot be read."""
        try:
            found = _COUNT.search(self.path.read_text(encoding="ascii", errors="replace"))
        except OSError:
            return None
        return int(found[1]) if found else None


def find_counter(process_id: int, proc: Path = PROC) -> KillCounter | None:
    """The counter to trust for a process: its control group's, else the machine's, else None."""
    for path in (*_files_of_group(process_id, proc), proc / "vmstat"):
        counter = KillCounter(path)
        if counter.read() is not None:
            return counter
    return None


class RecentKills:
    """Notices when a counter has grown within the last readings.

    Args:
        counter: to read; None: nothing is ever noticed.
    """

    def __init__(self, counter: KillCounter | None) -> None:
        self._counter = counter
        self._readings: deque[int] = deque(maxlen=READINGS)
        self.sample()

    def sample(self) -> None:
        """Read the counter; to be called at every tick."""
        count = self._counter.read() if self._counter is not None else None
        if count is not None:
            self._readings.append(count)

    def has_any(self) -> bool:
        """Whether the counter is higher now than at the oldest reading."""
        if self._counter is None or not self._readings:
            return False
        count = self._counter.read()
        return count is not None and count > self._readings[0]


def _files_of_group(process_id: int, proc: Path) -> list[Path]:
    """The files that may count the victims of a process's control group, the first to be tried."""
    try:
        groups = (proc / str(process_id) / "cgroup").read_text(encoding="utf-8")
        mounts = (proc / str(process_id) / "mountinfo").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    version_1, version_2 = [], []
    for line in _lines(groups):
        _number, controllers, group = line.split(":", 2)
        if "memory" in controllers.split(","):
            folder = _folder(group, _mount(mounts, "cgroup", "memory"))
            version_1 += [folder / "memory.oom_control"] if folder else []
        elif not controllers:
            folder = _folder(group, _mount(mounts, "cgroup2", None))
            version_2 += [folder / "memory.events"] if folder else []
    return [*version_1, *version_2]  # a machine with both has the memory in version 1


def _mount(mounts: str, file_system: str, option: str | None) -> tuple[str, str] | None:
    """What is mounted, and where, of the first mount of a type; see proc_pid_mountinfo(5)."""
    for line in _lines(mounts):
        before, _, after = line.partition(" - ")
        _id, _parent, _device, root, place, *_ = before.split(" ")
        kind, _source, options = after.split(" ", 2)
        if kind == file_system and (option is None or option in options.split(",")):
            return _unescaped(root), _unescaped(place)
    return None


def _lines(text: str) -> list[str]:
    """Unlike `splitlines`, which would also cut a path at U+2028 and the like."""
    return [line for line in text.split("\n") if line]


def _folder(group: str, mount: tuple[str, str] | None) -> Path | None:
    """Where a control group is seen; None if it lies outside of what is mounted."""
    if mount is None or ".." in PurePosixPath(group).parts:
        return None
    root, place = mount
    try:
        return Path(place) / PurePosixPath(group).relative_to(root)
    except ValueError:
        return None


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)
