"""Settings from the environment."""

from pathlib import Path

import pytest

from backend import config
from backend.config import IDLE_WORKER_MB, REPOSITORY, Settings, SettingsError, is_loopback


def test_without_variables_everything_has_the_documented_default():
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 5000)
    assert settings.data_dir == REPOSITORY
    assert settings.token is None
    assert settings.max_upload_mb == 100
    assert settings.runner == "process"
    assert (settings.trainings, settings.warm_workers) == (1, 1)
    assert settings.training_memory_mb is None
    assert (settings.quota_mb, settings.quota_pending) == (5000, 20)
    assert settings.cors_origins == ()
    assert settings.wrong_tokens == 20
    assert (settings.audit_entries, settings.audit_days) == (100_000, 365)
    assert (settings.metrics, settings.log) == ("token", "text")


def test_an_empty_variable_is_as_good_as_an_unset_one():
    assert Settings.from_environment({"EXOTRAIN_PORT": " ", "EXOTRAIN_TOKEN": ""}) == Settings()


def test_every_variable_is_read(tmp_path):
    data, mirror = tmp_path / "data", tmp_path / "mirror"
    mirror.mkdir()
    settings = Settings.from_environment(
        {
            "EXOTRAIN_HOST": "0.0.0.0",
            "EXOTRAIN_PORT": "8080",
            "EXOTRAIN_DATA_DIR": str(data),
            "EXOTRAIN_TOKEN": "a" * 24,
            "EXOTRAIN_MAX_UPLOAD_MB": "7",
            "EXOTRAIN_LIGHT_CURVES_DIR": str(mirror),
            "EXOTRAIN_RUNNER": "thread",
            "EXOTRAIN_THREADS": "3",
            "EXOTRAIN_TRAININGS": "2",
            "EXOTRAIN_TRAINING_MEMORY_MB": "4000",
            "EXOTRAIN_QUOTA_MB": "50",
            "EXOTRAIN_QUOTA_PENDING": "3",
            "EXOTRAIN_WARM_WORKERS": "0",
            "EXOTRAIN_CORS_ORIGINS": "https://a.example, http://localhost:3000/",
            "EXOTRAIN_ALLOWED_HOSTS": "Planets.example.org., [::1]",
            "EXOTRAIN_TRUSTED_PROXIES": "10.0.0.0/8,::1",
            "EXOTRAIN_WRONG_TOKENS": "5",
            "EXOTRAIN_AUDIT_ENTRIES": "1000",
            "EXOTRAIN_AUDIT_DAYS": "30",
            "EXOTRAIN_METRICS": "open",
            "EXOTRAIN_LOG": "json",
        }
    )
    assert settings == Settings(
        host="0.0.0.0",
        port=8080,
        data_dir=data.resolve(),
        token="a" * 24,
        max_upload_mb=7,
        light_curves_dir=mirror.resolve(),
        runner="thread",
        threads=3,
        trainings=2,
        training_memory_mb=4000,
        quota_mb=50,
        quota_pending=3,
        warm_workers=0,
        cors_origins=("https://a.example", "http://localhost:3000"),
        allowed_hosts=("planets.example.org", "[::1]"),
        trusted_proxies=("10.0.0.0/8", "::1"),
        wrong_tokens=5,
        audit_entries=1000,
        audit_days=30,
        metrics="open",
        log="json",
    )


def test_a_server_on_a_loopback_host_answers_to_loopback_names_and_another_to_all():
    assert "localhost" in Settings().names
    assert "*" not in Settings().names
    assert "127.0.0.9" in Settings(host="127.0.0.9").names
    assert Settings(host="0.0.0.0").names == ("*",)
    assert Settings(allowed_hosts=("a.example",)).names == ("a.example",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "٣"),
        ("MAX_UPLOAD_MB", "0"),
        ("MAX_UPLOAD_MB", "1.5"),
        ("RUNNER", "threads"),
        ("METRICS", "on"),
        ("THREADS", "0"),
        ("THREADS", "65"),
        ("GPUS", "-1"),
        ("GPUS", "1.5"),
        ("GPUS", "0.001"),
        ("GPUS", "one"),
        ("GPUS", "nan"),
        ("LOG", "JSON"),
        ("TRAININGS", "0"),
        ("TRAININGS", "Auto"),
        ("TRAINING_MEMORY_MB", "1"),
        ("QUOTA_PENDING", "none"),
        ("CORS_ORIGINS", "example.org"),
        ("CORS_ORIGINS", "*"),
        ("ALLOWED_HOSTS", "planets.example.org:8080"),
        ("ALLOWED_HOSTS", "https://planets.example.org"),
        ("TRUSTED_PROXIES", "proxy"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_the_variables_name(name, value):
    with pytest.raises(SettingsError, match=f"EXOTRAIN_{name}"):
        Settings.from_environment({f"EXOTRAIN_{name}": value})


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("PORT", "70000", "expected a whole number from 0 to 65535, received '70000'."),
        ("RUNNER", "threads", "expected process or thread or ray, received 'threads'."),
        (
            "CORS_ORIGINS",
            "https://a.example, b.example",
            "expected origins such as https://example.org, separated by commas, "
            "received 'b.example'.",
        ),
    ],
)
def test_the_error_says_what_was_expected_and_what_came(name, value, problem):
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({f"EXOTRAIN_{name}": value})
    assert str(raised.value) == f"EXOTRAIN_{name}: {problem}"


def test_a_memory_limit_below_what_an_idle_worker_holds_is_refused_with_both_numbers():
    lowest = str(IDLE_WORKER_MB)
    environment = {"EXOTRAIN_TRAINING_MEMORY_MB": lowest}
    assert Settings.from_environment(environment).training_memory_mb == IDLE_WORKER_MB
    with pytest.raises(SettingsError, match=f"is 256 MB, but a worker holds {lowest} MB"):
        Settings.from_environment({"EXOTRAIN_TRAINING_MEMORY_MB": "256"})


def test_the_settings_of_a_cluster_are_read(monkeypatch):
    monkeypatch.setattr(config.importlib.util, "find_spec", lambda _name: object())
    cluster = {"RUNNER": "ray", "RAY_ADDRESS": "head:6379", "GPUS": "0.5", "TRAININGS": "auto"}
    settings = Settings.from_environment({f"EXOTRAIN_{k}": v for k, v in cluster.items()})
    assert settings == Settings(runner="ray", ray_address="head:6379", gpus=0.5, trainings=None)
    assert settings.most_trainings == config.MOST_TRAININGS
    assert Settings(runner="ray").most_trainings == 1
    whole = Settings.from_environment({"EXOTRAIN_RUNNER": "ray", "EXOTRAIN_GPUS": "2"})
    assert whole.gpus == 2


@pytest.mark.parametrize("runner", ["process", "thread"])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RAY_ADDRESS", "head:6379", "RAY_ADDRESS"),
        ("GPUS", "1", "GPUS"),
        ("TRAININGS", "auto", "TRAININGS=auto"),
    ],
)
def test_what_only_a_cluster_has_is_refused_on_one_machine(runner, name, value, said):
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({"EXOTRAIN_RUNNER": runner, f"EXOTRAIN_{name}": value})
    assert str(raised.value) == (
        f"EXOTRAIN_{said} is for a Ray cluster, but EXOTRAIN_RUNNER is {runner}: set "
        "EXOTRAIN_RUNNER=ray as well, or leave it out."
    )


def test_a_cluster_without_ray_is_refused_with_how_to_install_it(monkeypatch):
    monkeypatch.setattr(config.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r"pip install -r requirements-cluster\.txt"):
        Settings.from_environment({"EXOTRAIN_RUNNER": "ray"})


def test_a_refused_token_is_not_repeated():
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({"EXOTRAIN_HOST": "0.0.0.0", "EXOTRAIN_TOKEN": "hush-hush"})
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_a_short_token_serves_where_only_this_machine_can_reach(host):
    settings = Settings.from_environment({"EXOTRAIN_HOST": host, "EXOTRAIN_TOKEN": "short"})
    assert settings.token == "short"
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "exotrain.example", "::"])
def test_a_short_token_is_refused_where_others_can_reach(host):
    with pytest.raises(SettingsError, match="EXOTRAIN_TOKEN"):
        Settings.from_environment({"EXOTRAIN_HOST": host, "EXOTRAIN_TOKEN": "a" * 23})


def test_a_data_folder_in_the_home_folder_can_be_written_with_a_tilde():
    settings = Settings.from_environment({"EXOTRAIN_DATA_DIR": "~/exotrain"})
    assert settings.data_dir == Path.home().resolve() / "exotrain"


@pytest.mark.parametrize("token", ["étoile-étoile-étoile-étoile", "a b\tc"])
def test_a_token_that_no_header_can_carry_is_refused(token: str):
    with pytest.raises(SettingsError, match="EXOTRAIN_TOKEN"):
        Settings.from_environment({"EXOTRAIN_TOKEN": token})


def test_a_folder_of_light_curves_that_is_none_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for name, found in (("none", "nothing"), ("file", "something else")):
        with pytest.raises(SettingsError, match=f"LIGHT_CURVES_DIR: expected a folder.*{found}"):
            read_folders(tmp_path / "data", tmp_path / name)


@pytest.mark.parametrize(
    ("data", "curves"), [("a", "a"), ("a/b", "a"), ("a", "a/b"), ("a", "link"), ("link", "a/b")]
)
def test_light_curves_and_data_are_apart(tmp_path, data, curves):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "ab").mkdir()
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(SettingsError, match="neither may be in the other"):
        read_folders(tmp_path / data, tmp_path / curves)
    assert read_folders(tmp_path / "ab", tmp_path / curves).light_curves_dir.is_dir()


def read_folders(data, curves):
    variables = {"EXOTRAIN_DATA_DIR": str(data), "EXOTRAIN_LIGHT_CURVES_DIR": str(curves)}
    return Settings.from_environment(variables)
