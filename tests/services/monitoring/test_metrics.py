"""The metrics: what they say of the server, and that they say the rest when something fails."""

import threading
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from backend.config import VERSION
from backend.database import batches, sessions
from backend.database.schema import iso
from backend.services.monitoring import numbers, processes
from backend.services.monitoring.metrics import Metrics
from backend.troubles import Code
from tests.background.cluster.fake_bridge import node


def read(metrics: Metrics) -> dict[tuple[str, str], float]:
    """Every sample by its name and the values of its labels, separated by blanks."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, " ".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def metrics(services):
    return services.metrics


def test_every_number_has_a_help_a_type_and_a_name_by_the_conventions(metrics):
    metrics.request_times.add("GET", "/", 200, 0.1)
    families = list(text_string_to_metric_families(metrics.text().decode()))
    assert len(families) > 15
    for family in families:
        assert family.documentation.endswith("."), family.name
        assert family.type != "unknown", family.name
        assert family.name.startswith(("exotrain_", "process_")), family.name
        assert not family.name.endswith(("_mb", "_ms", "_minutes")), family.name


def test_sessions_and_batches_are_counted_by_state_and_no_state_is_missing(services, api, key):
    waiting, running = api.session(key), api.session(key)
    since = datetime.now(UTC) - timedelta(minutes=5)
    with services.database.write() as connection:
        sessions.change(connection, running, status="training")
        sessions.change(connection, waiting, created_at=iso(since))
    found = read(services.metrics)
    states = {state: found["exotrain_sessions", state] for state in ("pending", *sessions.ENDED)}
    assert states == {"pending": 1, "completed": 0, "failed": 0, "cancelled": 0}
    assert found["exotrain_sessions", "training"] == 1
    for state in (*batches.UNFINISHED, *batches.ENDED):
        assert found["exotrain_batches", state] == 0
    assert 300 <= found["exotrain_queue_oldest_seconds", "sessions"] < 330
    assert found["exotrain_queue_oldest_seconds", "batches"] == 0


def test_the_disk_the_database_and_what_is_stored_are_told_in_bytes(services, api, key):
    api.dataset(key)
    found = read(services.metrics)
    assert 0 < found["exotrain_disk_free_bytes", ""] < found["exotrain_disk_size_bytes", ""]
    database = services.settings.data_dir / "exotrain.db"
    assert found["exotrain_database_bytes", "database"] == database.stat().st_size
    assert found["exotrain_database_bytes", "log"] > 0
    used = api.get("/api/me")["usage"]["stored_bytes"]["used"]
    assert found["exotrain_stored_bytes", "datasets"] == used > 0
    assert found["exotrain_stored_bytes", "models"] == 0


def test_what_is_in_the_bin_is_stored_there(services, api, key):
    api.delete(f"/api/training/dataset/{api.dataset(key)}")
    found = read(services.metrics)
    assert found["exotrain_stored_bytes", "datasets"] == 0
    assert found["exotrain_stored_bytes", "bin"] > 0


def test_what_does_not_work_is_one_and_everything_else_zero(services):
    services.troubles.note("workers", 600)
    found = read(services.metrics)
    troubles = {code: found["exotrain_trouble", code] for code in get_args(Code)}
    assert troubles == dict.fromkeys(get_args(Code), 0) | {"workers": 1}


def test_the_release_is_told(metrics):
    assert any(
        name == "exotrain_build_info" and VERSION in labels for name, labels in read(metrics)
    )


def test_a_number_that_cannot_be_had_is_left_out_and_said_and_comes_back(services, caplog):
    metrics, database = services.metrics, services.settings.data_dir / "exotrain.db"
    away = database.with_name("away")
    database.rename(away)
    try:
        for _ in range(2):
            found = read(metrics)
            assert not [name for name, _ in found if name == "exotrain_database_bytes"]
            assert found["exotrain_scrape_errors", "database"] == 1
            assert found["exotrain_scrape_errors", "disk"] == 0
            assert found["exotrain_disk_free_bytes", ""] > 0
    finally:
        away.rename(database)
    warnings = [each for each in caplog.records if "metrics of database" in each.getMessage()]
    assert len(warnings) == 1
    found = read(metrics)
    assert found["exotrain_scrape_errors", "database"] == 0
    assert found["exotrain_database_bytes", "database"] > 0


def test_a_source_that_fails_half_way_gives_nothing(metrics):
    def half():
        yield GaugeMetricFamily("exotrain_half", "The first half.", 1)
        raise RuntimeError("the second half")

    metrics.add("nodes", half)
    found = read(metrics)
    assert ("exotrain_half", "") not in found
    assert found["exotrain_scrape_errors", "nodes"] == 1


def test_a_source_can_join_and_take_the_place_of_one(metrics):
    for number in (3, 4):
        family = GaugeMetricFamily("exotrain_nodes", "Nodes of the cluster.", number)
        metrics.add("nodes", lambda family=family: [family])
    assert read(metrics)["exotrain_nodes", ""] == 4


def test_a_scrape_waits_for_no_writer(services):
    """Somebody holds the turn to write, and the lock of the file with it."""
    answers = []
    with services.database.write():
        thread = threading.Thread(target=lambda: answers.append(read(services.metrics)))
        thread.start()
        thread.join(2)
        assert answers
    errors = [value for (name, _), value in answers[0].items() if name == "exotrain_scrape_errors"]
    assert set(errors) == {0}


def test_several_applications_in_a_process_count_for_themselves(services, tmp_path):
    other = Metrics(services.database, tmp_path, services.troubles)
    other.request_times.add("GET", "/", 200, 0.1)
    name = "exotrain_http_request_duration_seconds_count"
    assert (name, "GET / 2xx") in read(other)
    assert not [each for each, _ in read(services.metrics) if each == name]


def test_the_nodes_of_a_cluster_are_counted_and_those_that_are_refused_have_nothing_to_reserve():
    nodes = [node(), node("n2", cpus_free=0.0), node("n3", refusal="other packages", gpus=2.0)]
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in numbers.cluster(is_reachable=True, nodes=nodes)
        for sample in family.samples
    }
    assert found == {
        ("exotrain_cluster_reachable",): 1,
        ("exotrain_cluster_nodes", "usable"): 2,
        ("exotrain_cluster_nodes", "refused"): 1,
        ("exotrain_cluster_cpus", "all"): 2,
        ("exotrain_cluster_cpus", "free"): 1,
        ("exotrain_cluster_gpus", "all"): 0,
        ("exotrain_cluster_gpus", "free"): 0,
    }


def test_epochs_are_a_counter():
    (family,) = numbers.epochs(7)
    assert [(each.name, each.value) for each in family.samples] == [("exotrain_epochs_total", 7)]


@pytest.mark.parametrize(
    ("method", "route", "status", "labels"),
    [
        ("GET", "/api/models/<id>", 200, "GET /api/models/<id> 2xx"),
        ("HEAD", "/", 304, "GET / 3xx"),
        ("POST", None, 404, "POST unknown 4xx"),
        ("OPTIONS", "/api/models/<id>", 200, "other unknown 2xx"),
        ('X"\n', "/", 405, "other unknown 4xx"),
    ],
)
def test_requests_have_few_labels_whatever_clients_send(metrics, method, route, status, labels):
    metrics.request_times.add(method, route, status, 0.3)
    found = read(metrics)
    assert found["exotrain_http_request_duration_seconds_count", labels] == 1
    below = {
        name[1].split()[0]: value
        for name, value in found.items()
        if name[0] == "exotrain_http_request_duration_seconds_bucket"
    }
    assert (below["0.25"], below["1.0"]) == (0, 1)


class Proc:
    """A `/proc` with one process and its children."""

    def __init__(self, folder):
        self.folder = folder

    def thread(self, number, children):
        task = self.folder / "self" / "task" / str(number)
        task.mkdir(parents=True)
        if children is not None:
            (task / "children").write_text(" ".join(map(str, children)) + " ")

    def process(self, number, *arguments, pages=0):
        folder = self.folder / str(number)
        folder.mkdir()
        (folder / "cmdline").write_bytes(b"".join(each.encode() + b"\0" for each in arguments))
        (folder / "statm").write_text(f"9999 {pages} 7 1 0 2 0\n")


def test_child_processes_are_counted_by_kind_with_their_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("os.sysconf", lambda name: {"SC_PAGE_SIZE": 4096}[name])
    proc = Proc(tmp_path)
    proc.thread(10, [20, 21])
    proc.thread(11, None)  # it has ended meanwhile
    proc.thread(12, [22, 23, 24])
    proc.process(20, "python", "-m", "backend.worker", "--data-dir", "x", pages=3)
    proc.process(21, "python", "-B", "-m", "backend.tables.child", pages=5)
    proc.process(22, "git", "-m", pages=100)
    proc.process(23, "python", "-m", "backend.worker", pages=4)
    found = {
        (sample.name, sample.labels["kind"]): sample.value
        for family in processes.children(tmp_path)
        for sample in family.samples
    }
    assert found == {
        ("exotrain_child_processes", "worker"): 2,
        ("exotrain_child_processes", "table"): 1,
        ("exotrain_child_processes", "bridge"): 0,
        ("exotrain_child_processes_resident_bytes", "worker"): 7 * 4096,
        ("exotrain_child_processes_resident_bytes", "table"): 5 * 4096,
        ("exotrain_child_processes_resident_bytes", "bridge"): 0,
    }


def test_a_kernel_that_does_not_list_children_gives_no_number(tmp_path):
    Proc(tmp_path).thread(10, None)
    with pytest.raises(OSError, match="does not list the children"):
        list(processes.children(tmp_path))
