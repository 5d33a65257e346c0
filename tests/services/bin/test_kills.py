"""kill -9 in the middle of a deletion, a restoring, a deletion for good: all of it, or nothing."""

import signal
import subprocess
import sys

import pytest

from backend.config import REPOSITORY
from backend.services.bin.emptying import empty
from backend.services.leftovers import remove_leftovers
from tests.api import complete
from tests.conftest import TOKEN
from tests.faults.state import files_in

pytestmark = pytest.mark.slow

MOST_PLACES = 60
STEP = 5  # each place takes a process of its own


@pytest.fixture
def study(api, key, services):
    """The path of a study with its models."""
    found = api.study(key, api.dataset(key), folds=2)["study"]
    for part in found["sessions"]:
        complete(services, part["id"])
    return f"/api/training/studies/{found['id']}"


def put_in_order(services) -> None:
    """What a start does."""
    remove_leftovers(services.database, services.storage)
    empty(services)


def killed(settings, method, path, place) -> bool:
    """Whether the call was killed at that place; else it has ended well."""
    arguments = (str(settings.data_dir), TOKEN, method, path, str(place))
    ended = subprocess.run(
        [sys.executable, "-m", "tests.services.bin.killed", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if ended.returncode == -signal.SIGKILL:
        return True
    assert ended.stdout.strip() == "200", ended.stdout + ended.stderr
    return False


def test_a_kill_at_any_step_leaves_all_or_nothing(api, key, services, settings, study):
    files = files_in(services.storage.models) | files_in(services.storage.uploads)
    shown = api.get(study)
    kills = 0

    def entries():
        return api.get("/api/bin", query_string={"workspace_key": key})["entries"]

    for place in range(1, MOST_PLACES, STEP):
        is_killed = killed(settings, "DELETE", study, place)
        put_in_order(services)
        is_there = api.get(study, None).status_code == 200
        assert is_there != bool(entries())
        assert files_in(services.storage.models) | files_in(services.storage.uploads) == files
        kills += is_killed
        if not is_there:
            break
    for place in range(1, MOST_PLACES, STEP):
        (entry,) = entries()
        is_killed = killed(settings, "POST", f"/api/bin/{entry['id']}/restore", place)
        put_in_order(services)
        is_there = api.get(study, None).status_code == 200
        assert is_there != bool(entries())
        kills += is_killed
        if is_there:
            break
    assert api.get(study) == shown
    api.delete(study)
    (entry,) = entries()
    for place in range(1, MOST_PLACES, STEP):
        is_killed = killed(settings, "DELETE", f"/api/bin/{entry['id']}", place)
        kills += is_killed
        put_in_order(services)
        if not entries():
            break
        assert files_in(services.storage.models) | files_in(services.storage.uploads) == files
    assert not any("mine_s0" in name for name in files_in(services.storage.models))
    assert kills >= 4
