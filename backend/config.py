"""Settings, from the `EXOTRAIN_*` environment variables."""

import importlib.util
import ipaddress
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

VERSION = "0.5.0"

MIN_PUBLIC_TOKEN_LENGTH = 24

# What a worker holds that waits for a session, TensorFlow and the traced default network: 772 MB,
# measured with TensorFlow 2.21 on two cores.
IDLE_WORKER_MB = 800

# What `EXOTRAIN_TRAININGS=auto` never exceeds.
MOST_TRAININGS = 1000

# What a session may reserve of a cluster. A GPU can be shared, but Ray gives no one and a half.
MOST_CPUS = MOST_GPUS = 64
MOST_MEMORY_MB = 10_000_000
LEAST_PART_OF_GPU = 0.01

# In `allowed_hosts`: whatever name a request calls the server by.
ANY_HOST = "*"

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

# A DNS name, an IPv4 address, or an IPv6 address in brackets.
_HOST = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")


class SettingsError(ValueError):
    """A variable has an unusable value; the message names the variable."""


@dataclass(frozen=True)
class Settings:
    """The server's settings. Each field is read from the variable `EXOTRAIN_` + its name."""

    host: str = "127.0.0.1"
    port: int = 5000
    data_dir: Path = REPOSITORY
    token: str | None = None
    max_upload_mb: int = 100
    max_curves_mb: int = 20_000  # of light curves in one request, or in pieces
    light_curves_dir: Path | None = None  # a folder of light curves that every user may read
    table_memory_mb: int = 2000
    table_seconds: int = 120
    runner: str = "process"
    ray_address: str | None = None  # of a Ray cluster; None: one of its own
    gpus: float = 0.0  # of a session, on a Ray cluster
    threads: int = 2  # of TensorFlow in a session, which reserves as many processors of a cluster
    trainings: int | None = 1  # None: as many as the cluster places
    training_memory_mb: int | None = None
    quota_mb: int = 5000
    quota_pending: int = 20
    quota_workspaces: int = 100
    quota_analyses: int = 10_000
    quota_tokens: int = 50
    warm_workers: int = 1
    cors_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()  # empty: `names` decides
    trusted_proxies: tuple[str, ...] = ()
    wrong_tokens: int = 20
    audit_entries: int = 100_000
    audit_days: int = 365
    batch_days: int = 30
    bin_days: int = 7  # 0: what is deleted is gone at once
    metrics: str = "token"
    log: str = "text"  # log_format reads the variable too, before there are settings

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables; one that is unset or empty takes its default.

        Raises:
            SettingsError: a value has the wrong type, or is out of range.
        """
        read = _Reader(environment)
        settings = cls(
            host=read.text("HOST") or cls.host,
            port=_first_set(read.integer("PORT", 0, 65535), cls.port),
            data_dir=read.folder("DATA_DIR") or cls.data_dir.resolve(),
            token=read.text("TOKEN"),
            max_upload_mb=read.integer("MAX_UPLOAD_MB", 1, 1_000_000) or cls.max_upload_mb,
            max_curves_mb=read.integer("MAX_CURVES_MB", 1, 100_000_000) or cls.max_curves_mb,
            light_curves_dir=read.folder("LIGHT_CURVES_DIR"),
            table_memory_mb=read.integer("TABLE_MEMORY_MB", 500, 1_000_000) or cls.table_memory_mb,
            table_seconds=read.integer("TABLE_SECONDS", 5, 3600) or cls.table_seconds,
            runner=read.choice("RUNNER", ("process", "thread", "ray")) or cls.runner,
            ray_address=read.text("RAY_ADDRESS"),
            gpus=read.gpus("GPUS") or cls.gpus,
            threads=read.integer("THREADS", 1, MOST_CPUS) or cls.threads,
            trainings=(
                None
                if read.text("TRAININGS") == "auto"
                else read.integer("TRAININGS", 1, 64) or cls.trainings
            ),
            training_memory_mb=read.integer("TRAINING_MEMORY_MB", 1, MOST_MEMORY_MB),
            quota_mb=read.integer("QUOTA_MB", 1, 100_000_000) or cls.quota_mb,
            quota_pending=read.integer("QUOTA_PENDING", 1, 100_000) or cls.quota_pending,
            quota_workspaces=read.integer("QUOTA_WORKSPACES", 1, 1_000_000) or cls.quota_workspaces,
            quota_analyses=read.integer("QUOTA_ANALYSES", 1, 100_000_000) or cls.quota_analyses,
            quota_tokens=read.integer("QUOTA_TOKENS", 1, 100_000) or cls.quota_tokens,
            warm_workers=_first_set(read.integer("WARM_WORKERS", 0, 64), cls.warm_workers),
            cors_origins=read.origins("CORS_ORIGINS"),
            allowed_hosts=read.hosts("ALLOWED_HOSTS"),
            trusted_proxies=read.networks("TRUSTED_PROXIES"),
            wrong_tokens=read.integer("WRONG_TOKENS", 1, 1_000_000) or cls.wrong_tokens,
            audit_entries=read.integer("AUDIT_ENTRIES", 100, 10_000_000) or cls.audit_entries,
            audit_days=read.integer("AUDIT_DAYS", 1, 36_500) or cls.audit_days,
            batch_days=read.integer("BATCH_DAYS", 1, 36_500) or cls.batch_days,
            bin_days=_first_set(read.integer("BIN_DAYS", 0, 36_500), cls.bin_days),
            metrics=read.choice("METRICS", ("token", "open", "off")) or cls.metrics,
            log=read.choice("LOG", ("text", "json")) or cls.log,
        )
        settings._check_token()
        settings._check_light_curves()
        settings._check_memory()
        settings._check_cluster()
        return settings

    @property
    def most_trainings(self) -> int:
        """Sessions that may train at once; on a cluster it decides how many of them do."""
        return MOST_TRAININGS if self.trainings is None else self.trainings

    @property
    def names(self) -> tuple[str, ...]:
        """The names that requests may call this server by; ANY_HOST among them allows all."""
        if self.allowed_hosts:
            return self.allowed_hosts
        return (*_LOOPBACK_NAMES, self.host) if is_loopback(self.host) else (ANY_HOST,)

    def _check_memory(self) -> None:
        if self.training_memory_mb is not None and self.training_memory_mb < IDLE_WORKER_MB:
            raise SettingsError(
                f"EXOTRAIN_TRAINING_MEMORY_MB is {self.training_memory_mb} MB, but a worker holds "
                f"{IDLE_WORKER_MB} MB before it trains anything: every session would fail. Set at "
                f"least {IDLE_WORKER_MB}, better 2000, or leave it unset for no limit."
            )

    def _check_light_curves(self) -> None:
        folder = self.light_curves_dir
        if folder is None:
            return
        if not folder.is_dir():
            found = "something else" if folder.exists() else "nothing"
            raise SettingsError(
                f"EXOTRAIN_LIGHT_CURVES_DIR: expected a folder, found {found} at {folder}."
            )
        if folder.is_relative_to(self.data_dir) or self.data_dir.is_relative_to(folder):
            raise SettingsError(
                f"EXOTRAIN_LIGHT_CURVES_DIR is {folder}, and EXOTRAIN_DATA_DIR is "
                f"{self.data_dir}: neither may be in the other. Every user may read light curves "
                "of the first, and only the server the files of the second."
            )

    def _check_cluster(self) -> None:
        if self.runner == "ray":
            if importlib.util.find_spec("ray") is None:
                raise SettingsError(
                    "EXOTRAIN_RUNNER=ray needs Ray, which is not installed: "
                    "pip install -r requirements-cluster.txt"
                )
            if self.ray_address is not None:
                _check_address(self.ray_address)
            return
        asked = {
            "RAY_ADDRESS": self.ray_address is not None,
            "GPUS": self.gpus > 0,
            "TRAININGS=auto": self.trainings is None,
        }
        for name in (name for name, is_asked in asked.items() if is_asked):
            raise SettingsError(
                f"EXOTRAIN_{name} is for a Ray cluster, but EXOTRAIN_RUNNER is {self.runner}: "
                "set EXOTRAIN_RUNNER=ray as well, or leave it out."
            )

    def _check_token(self) -> None:
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise SettingsError(
                "EXOTRAIN_TOKEN has characters that a header cannot carry: use printable ASCII."
            )
        is_short = self.token is not None and len(self.token) < MIN_PUBLIC_TOKEN_LENGTH
        if is_short and not is_loopback(self.host):
            raise SettingsError(
                f"EXOTRAIN_TOKEN has {len(self.token or '')} characters; on a host that others "
                f"can reach (EXOTRAIN_HOST={self.host}) it needs at least "
                f"{MIN_PUBLIC_TOKEN_LENGTH}."
            )


def _check_address(address: str) -> None:
    host, _, port = address.rpartition(":")
    is_one = bool(_HOST.fullmatch(host)) and port.isascii() and port.isdigit()
    if address != "auto" and not (is_one and 0 < int(port) < 65536):
        said = "ray:// is of Ray's client, which cannot be used here" if "://" in address else ""
        raise SettingsError(
            "EXOTRAIN_RAY_ADDRESS: expected the host and port of the cluster's head, such as "
            f"10.0.0.5:6379, or auto, received {address!r}{f' ({said})' if said else ''}."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def can_be_reserved(gpus: float) -> bool:
    """Whether a session can have so many GPUs: whole ones, or a part of one."""
    is_whole = gpus in range(MOST_GPUS + 1)
    return is_whole or LEAST_PART_OF_GPU <= gpus <= 1


class _Reader:
    """Reads the variables. Its errors name the variable, what was expected and what came."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str | None:
        return self._environment.get(f"EXOTRAIN_{name}", "").strip() or None

    def folder(self, name: str) -> Path | None:
        text = self.text(name)
        return None if text is None else Path(text).expanduser().resolve()

    def integer(self, name: str, low: int, high: int) -> int | None:
        text = self.text(name)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise SettingsError(
                f"EXOTRAIN_{name}: expected a whole number from {low} to {high}, received {text!r}."
            )
        return int(text)

    def gpus(self, name: str) -> float | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not can_be_reserved(value):
            raise SettingsError(
                f"EXOTRAIN_{name}: expected a whole number from 0 to {MOST_GPUS}, or a part of one "
                f"from {LEAST_PART_OF_GPU:g}, received {text!r}."
            )
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        text = self.text(name)
        if text is not None and text not in choices:
            raise SettingsError(
                f"EXOTRAIN_{name}: expected {' or '.join(choices)}, received {text!r}."
            )
        return text

    def hosts(self, name: str) -> tuple[str, ...]:
        hosts = self._list(name)
        for host in hosts:
            if host != ANY_HOST and not _HOST.fullmatch(host):
                raise SettingsError(
                    f"EXOTRAIN_{name}: expected host names without ports, separated by commas, or "
                    f"* for any, received {host!r}."
                )
        return tuple(host.lower().rstrip(".") for host in hosts)

    def networks(self, name: str) -> tuple[str, ...]:
        networks = self._list(name)
        for network in networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise SettingsError(
                    f"EXOTRAIN_{name}: expected addresses or networks such as 10.0.0.0/8, "
                    f"separated by commas, received {network!r} ({error})."
                ) from error
        return networks

    def _list(self, name: str) -> tuple[str, ...]:
        parts = [part.strip() for part in (self.text(name) or "").split(",")]
        return tuple(part for part in parts if part)

    def origins(self, name: str) -> tuple[str, ...]:
        origins = tuple(origin.rstrip("/") for origin in self._list(name))
        for origin in origins:
            if not origin.startswith(("http://", "https://")):
                raise SettingsError(
                    f"EXOTRAIN_{name}: expected origins such as https://example.org, separated "
                    f"by commas, received {origin!r}."
                )
        return origins


def _first_set(value: int | None, default: int) -> int:
    return default if value is None else value
