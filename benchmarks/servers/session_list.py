"""How long does a page of the list of sessions, or of models, take, in a workspace of 10,000?

    python -m benchmarks.servers.session_list

Each has settings, metrics, and an evaluation or a manifest of the usual size. Prints a markdown
table of each: the median and the longest of several calls within one process, the median of the
processor's time alone, which other work on the machine hardly changes, and the ratio to its first
line, in the same run.
"""

import json
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from backend import create_app
from backend.config import Settings
from backend.database.listing.facts import settings_of
from backend.database.listing.models import MODELS as KIND_OF_MODELS
from backend.database.listing.pages import Kind
from backend.database.listing.sessions import SESSIONS as KIND_OF_SESSIONS
from backend.database.listing.tables import model_facts, session_facts
from backend.database.schema import models, now, training_sessions
from backend.services.listing.asked import sorts_of
from backend.web.current import services_of
from backend.web.tokens import ensure_administrator

SESSIONS = 10_000
CALLS = 15
TOKEN = "of-the-benchmark-of-lists"
EVALUATION_BYTES = 16_000
MANIFEST_BYTES = 8_000

QUESTIONS: dict[str, dict[str, Any]] = {
    "newest first, plain": {},
    "training and waiting first": {"sort": "active"},
    "best test accuracy first": {"sort": "-accuracy"},
    "the same, page 100": {"sort": "-accuracy", "page": 100},
    "by name": {"sort": "name"},
    "by duration, longest first": {"sort": "-duration"},
    "by learning rate": {"sort": "learning_rate"},
    "grouped by network, best first": {"sort": "-accuracy", "group": "network"},
    "grouped by seed": {"group": "seed"},
    "`filter=accuracy>0.8&filter=status:completed`": {
        "filter": ["accuracy>0.8", "status:completed"]
    },
    "`filter=tag:paper`": {"filter": "tag:paper"},
    "`q=paper seven`, in names, notes and tags": {"q": "paper seven"},
}


OF_MODELS: dict[str, dict[str, Any]] = {
    "newest first": {"sort": "-id"},
    "best test accuracy first": {"sort": "-accuracy"},
    "the same, page 100": {"sort": "-accuracy", "page": 100},
    "grouped by network, best first": {"sort": "-accuracy", "group": "network"},
    "`filter=accuracy>0.8&filter=beats_guessing:yes`": {
        "filter": ["accuracy>0.8", "beats_guessing:yes"]
    },
    "`filter=tag:paper`": {"filter": "tag:paper"},
    "`q=paper seven`, in names, notes and tags": {"q": "paper seven"},
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), token=TOKEN))
        database = services_of(app).database
        ensure_administrator(database, services_of(app).settings)
        client = app.test_client()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        made = client.post("/api/workspaces", json={"name": "many"}, headers=headers).get_json()
        fill(database, made["workspace"]["id"])
        key = made["workspace"]["key"]
        path = "/api/training/sessions"
        measure(client, headers, path, key, QUESTIONS | sorts(KIND_OF_SESSIONS))
        fill_models(database, made["workspace"]["id"])
        measure(client, headers, "/api/models", key, OF_MODELS | sorts(KIND_OF_MODELS))
        database.close()


def sorts(kind: Kind) -> dict[str, dict[str, Any]]:
    """Every order, as a question."""
    return {f"`sort={name}`": {"sort": name} for name in sorts_of(kind)}


def measure(
    client: Any,
    headers: dict[str, str],
    path: str,
    key: str,
    questions: dict[str, dict[str, Any]],
) -> None:
    what = path.rsplit("/", 1)[1]
    print(f"| a page of 50 of 10,000 {what} | median, ms | longest, ms | CPU, ms | ratio |")
    print("|---|---|---|---|---|")
    reference = None
    for question, query in questions.items():
        asked = {"workspace_key": key, "limit": 50, **query}
        pages = asked.pop("page", 1)
        for _ in range(pages - 1):
            asked["cursor"] = get(client, headers, path, asked)["next_cursor"]
        taken, worked = [], []
        for _ in range(CALLS + 1):
            start, work = time.perf_counter(), time.process_time()
            get(client, headers, path, asked)
            taken.append(1e3 * (time.perf_counter() - start))
            worked.append(1e3 * (time.process_time() - work))
        middle, longest, cpu = statistics.median(taken[1:]), max(taken[1:]), worked[1:]
        used = statistics.median(cpu)
        reference = reference or used
        print(
            f"| {question} | {middle:.0f} | {longest:.0f} | {used:.0f} | {used / reference:.1f} |"
        )


def get(client: Any, headers: dict[str, str], path: str, query: dict[str, Any]) -> Any:
    answer = client.get(path, query_string=query, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def fill(database: Any, workspace_id: int) -> None:
    """Add the sessions, with facts as the events of their workers leave them."""
    chance = random.Random(1)
    rows, facts = [], []
    for number in range(1, SESSIONS + 1):
        accuracy = chance.uniform(0.6, 0.9)
        state = (
            "pending" if number > SESSIONS - 5 else chance.choice(["completed"] * 9 + ["failed"])
        )
        rows.append(_session(number, workspace_id, state, accuracy, chance))
        of_spec = settings_of(rows[-1]["spec"])
        facts.append(of_spec | _facts(number, accuracy if state == "completed" else None, chance))
    with database.write() as connection:
        for start in range(0, SESSIONS, 500):
            connection.execute(training_sessions.insert(), rows[start : start + 500])
            connection.execute(session_facts.insert(), facts[start : start + 500])


def fill_models(database: Any, workspace_id: int) -> None:
    """Add a model of each session that has completed."""
    chance = random.Random(2)
    rows, facts = [], []
    for number in range(1, SESSIONS + 1):
        rows.append(_model(number, workspace_id, chance))
        facts.append(_model_facts(number, chance))
    with database.write() as connection:
        for start in range(0, SESSIONS, 500):
            connection.execute(models.insert(), rows[start : start + 500])
            connection.execute(model_facts.insert(), facts[start : start + 500])


def _session(
    number: int, workspace_id: int, state: str, accuracy: float, chance: random.Random
) -> dict[str, Any]:
    names = ("transit_cnn", "transit_cnn_catalogue", "seed_cnn")
    spec = {
        **{"version": 2, "model_name": f"net_{number}", "epochs": chance.choice([20, 50])},
        **{"batch_size": 64, "learning_rate": chance.choice([0.001, 0.002]), "seed": number % 10},
        **{"network": names[number % 3], "dataset_name": "koi.csv", "dataset_sha256": "0" * 64},
        **{"validation_split": 0.15, "test_split": 0.15, "patience": 10, "ensemble": 1},
    }
    evaluation = {"accuracy": accuracy, "points": "7" * EVALUATION_BYTES}
    return {
        **{"id": number, "workspace_id": workspace_id, "user_id": 1, "dataset_size": 9564},
        **{"model_name": spec["model_name"], "spec": spec, "status": state, "epochs": 50},
        **{"epochs_completed": 50, "created_at": now(), "started_at": "2026-01-01T00:00:00.000Z"},
        "completed_at": f"2026-01-01T00:{chance.randrange(10, 59)}:00.000Z",
        "metrics": {"val_accuracy": accuracy, "val_label_loss": 1 - accuracy},
        "evaluation": evaluation if state == "completed" else None,
    }


def _facts(number: int, accuracy: float | None, chance: random.Random) -> dict[str, Any]:
    intervals = json.dumps({"accuracy": [0.7, 0.8]})
    return {
        **{"session_id": number, "network": ("transit_cnn", "seed_cnn")[number % 2]},
        **{"dataset_name": "koi.csv", "note": "Number seven." * (number % 7 == 0)},
        **{"tags": '["paper"]' if number % 5 == 0 else "[]", "is_starred": number % 11 == 0},
        **{"accuracy": accuracy, "macro_f1": accuracy, "log_loss": accuracy and 1 - accuracy},
        **{"intervals": intervals if accuracy else None, "val_accuracy": chance.random()},
    }


def _model(number: int, workspace_id: int, chance: random.Random) -> dict[str, Any]:
    manifest: dict[str, Any] = {"evaluation": None, "metrics": {}, "ranges": "7" * MANIFEST_BYTES}
    return {
        **{"id": number, "workspace_id": workspace_id, "session_id": number, "manifest": manifest},
        **{"name": f"net_{number}", "file": f"1/net_{number}.keras", "sha256": "0" * 64},
        **{"file_size": chance.randrange(10**6), "created_at": now()},
    }


def _model_facts(number: int, chance: random.Random) -> dict[str, Any]:
    accuracy = chance.uniform(0.6, 0.9)
    return {
        **{"model_id": number, "network": ("transit_cnn", "seed_cnn")[number % 2]},
        **{"dataset_name": "koi.csv", "note": "Number seven." * (number % 7 == 0), "user_id": 1},
        **{"tags": '["paper"]' if number % 5 == 0 else "[]", "is_starred": number % 11 == 0},
        **{"accuracy": accuracy, "macro_f1": accuracy, "log_loss": 1 - accuracy},
        **{"beats_guessing": accuracy > 0.65, "val_accuracy": chance.random()},
        "intervals": json.dumps({"accuracy": [0.7, 0.8]}),
    }


if __name__ == "__main__":
    main()
