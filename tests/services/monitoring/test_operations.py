"""docs/OPERATIONS.md and deploy/: what they name exists, and the settings there are taken."""

import importlib.util
import re

import pytest
import yaml

from backend.config import REPOSITORY, Settings
from backend.services.monitoring import numbers
from tests.documents import OPERATIONS
from tests.services.monitoring.test_metrics import read

DEPLOY = REPOSITORY / "deploy"
COMPOSE = DEPLOY / "compose.yaml"

VARIABLE = re.compile(r"EXOTRAIN_[A-Z_]*[A-Z]")
METRIC = re.compile(r"exotrain_[a-z_]*[a-z]")


@pytest.fixture
def names(services):
    """The names of all samples of a server that has answered a request."""
    services.metrics.add("epochs", lambda: numbers.epochs(1))
    services.metrics.add("cluster", lambda: numbers.cluster(is_reachable=False, nodes=[]))
    services.metrics.request_times.add("GET", "/", 200, 0.1)
    return {name for name, _ in read(services.metrics) if name.startswith("exotrain_")}


def test_every_metric_is_named_and_every_named_one_exists(names):
    named = set(METRIC.findall(OPERATIONS.read_text(encoding="utf-8")))
    histogram = "exotrain_http_request_duration_seconds"
    of_histogram = {f"{histogram}_{part}" for part in ("bucket", "count", "sum")}
    assert named <= names | {histogram}
    assert names - of_histogram <= named


@pytest.mark.parametrize("file", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(file):
    known = {f"EXOTRAIN_{name.upper()}" for name in Settings.__dataclass_fields__}
    assert set(VARIABLE.findall(file.read_text(encoding="utf-8"))) <= known


def test_the_settings_of_the_service_are_taken():
    lines = (DEPLOY / "exotrain.env").read_text(encoding="utf-8").splitlines()
    settings = Settings.from_environment(
        dict(line.split("=", 1) for line in lines if line and line[0] != "#")
    )
    assert (settings.log, settings.trusted_proxies) == ("json", ("127.0.0.1",))


def test_the_settings_of_the_containers_are_taken(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())  # Ray is there
    compose = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    environment = dict(re.findall(r"(EXOTRAIN_\w+)=(\S+)", image))
    server = compose["services"]["server"]
    settings = Settings.from_environment(environment | server["environment"])
    assert (settings.runner, settings.host, settings.log) == ("ray", "0.0.0.0", "json")
    subnet = compose["networks"]["inside"]["ipam"]["config"][0]["subnet"]
    assert settings.trusted_proxies == (subnet,)


def test_what_the_image_copies_is_there():
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for sources in re.findall(r"^COPY (.+) \S+$", image, re.MULTILINE):
        for pattern in sources.split():
            assert list(REPOSITORY.glob(pattern)), pattern
    compose = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    for service in compose["services"].values():
        if "build" in service:
            built = service["build"]
            assert (DEPLOY / built["context"] / built["dockerfile"]).is_file()
            assert (REPOSITORY / built["args"]["EXTRA"]).is_file()


def test_files_that_were_not_tried_say_so():
    for name in ("compose.yaml", "Dockerfile", "exotrain.service"):
        head = (DEPLOY / name).read_text(encoding="utf-8")[:200]
        assert re.search("NOT RUN|NOT BUILT|not run under", head), name
