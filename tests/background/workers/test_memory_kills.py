"""The kernel's counters of processes that it killed for lack of memory."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backend.background.workers.memory_kills import READINGS, KillCounter, RecentKills, find_counter
from backend.config import REPOSITORY
from tests.background.workers.control_group import small_group

LIMIT_MB = 64


class Machine:
    """Made-up files of the kernel for process 7."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.mounted = folder / "sys fs"  # a space is \040 in mountinfo
        (self.proc / "7").mkdir(parents=True)
        self.write(self.proc / "vmstat", "pgfault 1\noom_kill 100\nzone_reclaim_failed 0\n")

    @property
    def place(self) -> str:
        return str(self.mounted).replace(" ", r"\040")

    def write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def put(self, groups: str, mounts: str) -> None:
        self.write(self.proc / "7" / "cgroup", groups)
        self.write(self.proc / "7" / "mountinfo", mounts)

    def version_2(self, group: str = "/user.slice/exotrain", root: str = "/") -> None:
        mount = f"35 24 0:30 {root} {self.place} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"
        self.put(f"0::{group}\n", f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n{mount}\n")

    def version_1(self, group: str = "/docker/ab12", root: str = "/", others: str = "") -> None:
        mounts = [
            f"31 23 0:28 / {self.place}/cpu rw - cgroup cgroup rw,cpu",
            f"33 23 0:29 {root} {self.place}/memory rw - cgroup cgroup rw,memory",
            f"34 23 0:30 / {self.place}/unified rw - cgroup2 cgroup2 rw",
        ]
        self.put(f"5:cpu:/elsewhere\n4:memory:{group}\n{others}", "\n".join(mounts))

    def counter(self) -> KillCounter | None:
        return find_counter(7, self.proc)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


EVENTS = "low 0\nhigh 0\nmax 12\noom 2\noom_kill {}\noom_group_kill 0\n"
CONTROL = "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n"


def test_version_2_counts_in_the_events_of_the_processs_own_group(machine):
    events = machine.mounted / "user.slice" / "exotrain" / "memory.events"
    machine.write(events, EVENTS.format(3))
    machine.version_2()
    assert machine.counter() == KillCounter(events)
    assert machine.counter().read() == 3


def test_version_1_counts_in_the_memory_controller_even_where_version_2_is_mounted_too(machine):
    control = machine.mounted / "memory" / "docker" / "ab12" / "memory.oom_control"
    machine.write(control, CONTROL.format(4))
    machine.write(machine.mounted / "unified" / "memory.events", EVENTS.format(9))
    machine.version_1(others="0::/\n")
    assert machine.counter() == KillCounter(control)
    assert machine.counter().read() == 4


def test_a_container_that_sees_only_its_own_group_finds_it(machine):
    control = machine.write(machine.mounted / "memory/memory.oom_control", CONTROL.format(1))
    machine.version_1(group="/docker/ab12", root="/docker/ab12")
    assert machine.counter() == KillCounter(control)
    below = machine.write(machine.mounted / "memory/a/memory.oom_control", CONTROL.format(1))
    machine.version_1(group="/docker/ab12/a", root="/docker/ab12")
    assert machine.counter() == KillCounter(below)


@pytest.mark.parametrize("odd", [":", "\u00a0", "\u2028", "\u00e9"])
def test_a_group_may_have_any_name(machine, odd):
    group, root = f"/a{odd}b/c", f"/a{odd}b"
    events = machine.write(machine.mounted / "c" / "memory.events", EVENTS.format(3))
    machine.version_2(group, root)
    assert machine.counter() == KillCounter(events)
    control = machine.write(machine.mounted / "memory/c/memory.oom_control", CONTROL.format(4))
    machine.version_1(group, root)
    assert machine.counter() == KillCounter(control)


@pytest.mark.parametrize("other", ["/a\u2028b\u00a0c rw - tmpfs  rw", "/a rw - odd b rw,x=c - d e"])
def test_other_mounts_may_have_any_name_and_any_options(machine, other):
    events = machine.write(machine.mounted / "memory.events", EVENTS.format(3))
    machine.version_2("/")
    mounts = (machine.proc / "7" / "mountinfo").read_text()
    machine.put("0::/\n", f"36 24 0:31 / {other}\n{mounts}")
    assert machine.counter() == KillCounter(events)


def test_a_controller_that_shares_its_hierarchy_is_found(machine):
    control = machine.write(machine.mounted / "memory/a/memory.oom_control", CONTROL.format(4))
    machine.version_1("/a")
    mounts = (machine.proc / "7" / "mountinfo").read_text()
    machine.put("4:hugetlb,memory:/a\n", mounts.replace("rw,memory", "rw,hugetlb,memory"))
    assert machine.counter() == KillCounter(control)


def test_a_group_outside_of_the_namespace_is_not_looked_for_beside_it(machine):
    machine.write(machine.mounted.parent / "outside" / "memory.events", EVENTS.format(3))
    machine.mounted.mkdir()
    machine.version_2("/../outside")
    assert machine.counter() == KillCounter(machine.proc / "vmstat")


FIND = """
import sys
from pathlib import Path
from backend.background.workers.memory_kills import find_counter
print(find_counter(7, Path(sys.argv[1])).path.name)
"""


def test_names_are_read_as_utf_8_whatever_the_server_was_started_with(machine):
    machine.write(machine.mounted / "memory.events", EVENTS.format(3))
    machine.version_2("/")
    for name, odd in (
        ("cgroup", "1:name=\u00e9:/"),
        ("mountinfo", "1 2 3 / /\u00e9 rw - tmpfs a b"),
    ):
        path = machine.proc / "7" / name
        machine.write(path, f"{odd}\n{path.read_text()}")
    assert machine.counter() == KillCounter(machine.mounted / "memory.events")
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    command = [sys.executable, "-c", FIND, str(machine.proc)]
    found = subprocess.check_output(command, env=environment, cwd=REPOSITORY, text=True)
    assert found == "memory.events\n"


def test_a_group_that_is_mounted_without_a_source_is_found(machine):
    events = machine.write(machine.mounted / "memory.events", EVENTS.format(3))
    machine.put("0::/\n", f"35 24 0:30 / {machine.place} rw - cgroup2  rw\n")
    assert machine.counter() == KillCounter(events)


def test_a_count_is_read_whatever_else_is_in_its_file(tmp_path):
    path = tmp_path / "memory.events"
    path.write_bytes(b"\xff\xfe 7\noom_kill 3\n")
    assert KillCounter(path).read() == 3


@pytest.mark.parametrize(
    "arrange",
    [
        lambda machine: None,
        lambda machine: machine.version_2("/"),  # the root of version 2 has no such file
        lambda machine: machine.version_2("/../outside"),
        lambda machine: machine.version_1("/docker/ab12", root="/docker/other"),
        lambda machine: (
            machine.version_1("/old"),
            machine.write(  # before Linux 4.13 there is no count
                machine.mounted / "memory/old/memory.oom_control",
                "oom_kill_disable 0\nunder_oom 0\n",
            ),
        ),
    ],
    ids=["no groups", "the root", "outside of the namespace", "not mounted", "an old kernel"],
)
def test_without_a_counter_of_the_group_the_machines_has_to_do(machine, arrange):
    arrange(machine)
    assert machine.counter() == KillCounter(machine.proc / "vmstat")
    assert machine.counter().read() == 100


def test_a_system_without_counters_has_none(tmp_path):
    assert find_counter(7, tmp_path) is None
    assert not RecentKills(None).has_any()


def test_only_a_kill_since_the_oldest_reading_is_recent(machine):
    events = machine.mounted / "memory.events"
    machine.write(events, EVENTS.format(3))
    kills = RecentKills(KillCounter(events))
    assert not kills.has_any()  # three of long ago
    kills.sample()
    machine.write(events, EVENTS.format(4))
    assert kills.has_any()
    for _ in range(READINGS - 1):
        kills.sample()
        assert kills.has_any()
    kills.sample()
    assert not kills.has_any()  # another session's, half a minute ago


def test_a_counter_that_could_not_be_read_before_shows_no_kill(machine):
    kills = RecentKills(KillCounter(machine.mounted / "memory.events"))
    machine.write(machine.mounted / "memory.events", EVENTS.format(3))
    assert not kills.has_any()


def test_a_counter_that_is_gone_shows_no_kill(machine):
    events = machine.write(machine.mounted / "memory.events", EVENTS.format(3))
    kills = RecentKills(KillCounter(events))
    events.unlink()
    kills.sample()
    assert not kills.has_any()


EATER = """
import sys
sys.stdin.readline()
eaten = bytearray(1 << 28)
eaten[::4096] = b"x" * (1 << 16)
"""


@pytest.mark.parametrize("is_hungry", [True, False])
def test_the_kernel_counts_a_real_victim_in_its_group_and_no_kill_by_hand(is_hungry):
    eater = [sys.executable, "-c", EATER]
    with small_group(LIMIT_MB) as group, subprocess.Popen(eater, stdin=subprocess.PIPE) as process:
        (group / "cgroup.procs").write_text(str(process.pid))
        kills = RecentKills(find_counter(process.pid))
        if is_hungry:
            process.communicate(b"\n", timeout=60)
        else:
            process.kill()
            process.wait(60)
        assert process.returncode == -signal.SIGKILL
        assert kills.has_any() is is_hungry
