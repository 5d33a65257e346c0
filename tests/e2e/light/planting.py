"""Plants many sessions and models into the database of a server, as if they had been trained."""

import json
import random
from typing import Any

from sqlalchemy import Connection, insert, select

from backend.database import models
from backend.database.listing.facts import settings_of
from backend.database.listing.tables import session_facts
from backend.database.schema import training_sessions, workspaces

NETWORKS = ("transit_cnn", "transit_cnn_catalogue", "seed_cnn")


def plant_sessions(
    connection: Connection, key: str, count: int, dataset: dict[str, Any] | None = None
) -> list[int]:
    """Add completed and some failed and cancelled sessions to a workspace; give their ids.

    The same sessions each time. Names are `net_1`…, those of the one with the best test accuracy
    `the_best`; each fifth is tagged `paper`, each seventh has a note on number seven.
    """
    found = connection.execute(select(workspaces).where(workspaces.c.key == key)).mappings().one()
    chance = random.Random(7)
    ids = []
    for number in range(1, count + 1):
        state = chance.choice(["completed"] * 8 + ["failed", "cancelled"])
        accuracy = 0.95 if number == count // 2 else round(chance.uniform(0.6, 0.9), 4)
        name = "the_best" if number == count // 2 else f"net_{number}"
        is_done = state == "completed" or name == "the_best"
        row = _session(number, name, "completed" if is_done else state, accuracy, chance)
        row |= {"workspace_id": found["id"], "user_id": found["owner_id"]}
        row |= {"dataset_id": dataset and dataset["id"]}
        added = connection.execute(insert(training_sessions).values(row))
        (session_id,) = added.inserted_primary_key or (0,)
        facts = settings_of(row["spec"]) | _facts(
            number, row["spec"]["network"], accuracy if is_done else None
        )
        connection.execute(insert(session_facts).values({**facts, "session_id": session_id}))
        ids.append(session_id)
    return ids


def plant_models(
    connection: Connection, key: str, sessions: list[int], dataset: dict[str, Any] | None = None
) -> list[int]:
    """Add a model to each of some sessions that `plant_sessions` has planted; give their ids.

    The test accuracies rise from 0.6; each fourth is trained with two networks, each fifth is no
    better than guessing, and none has a file.
    """
    query = select(workspaces.c.id).where(workspaces.c.key == key)
    workspace_id = connection.execute(query).scalar_one()
    found = []
    for number, session_id in enumerate(sessions, start=1):
        name, accuracy = f"model_{number}", 0.6 + 0.3 * number / len(sessions)
        manifest = {
            **{"dataset_name": "koi.csv", "dataset_sha256": "0" * 64, "dataset_version": 0},
            **{"network": NETWORKS[number % 3], "simulated": False, "training_ranges": {}},
            "spec": {"ensemble": 2 if number % 4 == 0 else 1, "source": "exotrain"},
            "metrics": {"val_accuracy": accuracy, "val_label_loss": 1 - accuracy},
            "evaluation": {"accuracy": accuracy, "macro_f1": accuracy, "log_loss": 1 - accuracy},
            "verdict": {
                **{"beats_guessing": number % 5 != 0, "log_loss": 1 - accuracy},
                **{"guessing_log_loss": 1.1, "part": "test", "rows": 400},
            },
        }
        file = {"file": f"{workspace_id}/{name}.keras", "sha256": "0" * 64, "file_size": 900_000}
        values = {**file, "session_id": session_id, "name": name, "manifest": manifest}
        if dataset is not None:
            manifest |= {"dataset_name": dataset["name"]}
        found.append(models.create(connection, workspace_id, **values)["id"])
    return found


def _session(
    number: int, name: str, state: str, accuracy: float, chance: random.Random
) -> dict[str, Any]:
    spec = {
        **{"version": 2, "model_name": name, "epochs": 50, "batch_size": 64, "patience": 10},
        **{"learning_rate": chance.choice([0.001, 0.002]), "seed": number % 10, "ensemble": 1},
        **{"network": NETWORKS[number % 3], "dataset_name": "koi.csv", "dataset_sha256": "0" * 64},
        **{"validation_split": 0.15, "test_split": 0.15, "dataset_version": 0},
    }
    metrics = {"val_accuracy": accuracy + 0.01, "val_label_loss": 1 - accuracy}
    error = {"reason": "diverged", "message": "The loss is not a finite number."}
    day = f"2026-{1 + number % 10:02}-{1 + number % 28:02}"
    return {
        **{"dataset_size": 9564, "model_name": name, "spec": spec, "status": state, "epochs": 50},
        **{"epochs_completed": 50, "metrics": metrics if state == "completed" else None},
        "error": error if state == "failed" else None,
        **{"created_at": f"{day}T10:00:00.000Z", "started_at": f"{day}T10:01:00.000Z"},
        "completed_at": f"{day}T10:{chance.randrange(10, 59)}:00.000Z",
    }


def _facts(number: int, network: str, accuracy: float | None) -> dict[str, Any]:
    tested = accuracy is not None
    low_high = {"accuracy": [accuracy - 0.02, accuracy + 0.02]} if accuracy is not None else {}
    return {
        **{"network": network, "dataset_name": "koi.csv", "is_starred": number % 11 == 0},
        **{"note": "Number seven." if number % 7 == 0 else ""},
        "tags": '["paper"]' if number % 5 == 0 else "[]",
        **{"accuracy": accuracy, "macro_f1": accuracy, "val_accuracy": accuracy},
        "log_loss": 1 - accuracy if accuracy is not None else None,
        "intervals": json.dumps(low_high) if tested else None,
    }
