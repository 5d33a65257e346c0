"""Keeps what this release writes, for later releases to read: `python -m tests.data.make_samples`.

A real server over a fresh data folder is used as a person would use it, then killed in the middle
of a session. The folder is packed as `<version>.tar.xz`, what the API said of it is written beside
it as `<version>.json`; `README.md` says what is in them.
"""

import argparse
import json
import lzma
import os
import signal
import tarfile
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from tests.e2e.server import Client, Server, is_running, small_catalogue, wait_for

LARGEST = 2_700_000  # bytes, the archive of a release and its description

ROWS = 150

# A row whose period is missing and one whose label is unknown: the table has rows left out.
REJECTED_ROWS = ",2.5,500,0.2,30,5700,1.0,4.4,14.2,0,1\n3.5,2.5,500,0.2,30,5700,1.0,4.4,14.2,9,2\n"

# Killed after this epoch, which is as many as the completed session has: its weights and those of
# the checkpoint are the same bytes, and the archive holds them once.
EPOCHS = 3

SPEC = {"network": "transit_cnn_catalogue", "batch_size": 8, "seed": 1, "patience": 500}

# Long enough to be killed in, short enough to be finished in a test.
LONGER = {**SPEC, "epochs": 12}

# No setting has its default: one that a later release does not find would be missed.
UNUSUAL = {
    "network": "transit_cnn",
    "epochs": 1,
    "batch_size": 32,
    "learning_rate": 1e-3,
    "validation_split": 0.3,
    "test_split": 0,
    "patience": 7,
    "seed": 5,
    "ensemble": 2,
}

# One model of it is kept, of the smallest network.
STUDY = {
    "network": "seed_cnn",
    "folds": 2,
    "epochs": 500,
    "patience": 500,
    "batch_size": 32,
    "seed": 3,
}

STUDIES = "/api/training/studies"

ENDLESS = {"epochs": 1000, "patience": 1000, "batch_size": 8}

PLAIN = {"period": 3.5, "duration": 3.0, "depth": 8000.0}
COMPLETE = {
    **PLAIN,
    **{"impact": 0.3, "snr": 80.0, "steff": 5800.0, "srad": 1.0, "slogg": 4.4, "tmag": 11.0},
}

# What a network and its inputs have to say something about besides the rows that it learnt from.
SPECIAL: list[dict[str, Any]] = [
    PLAIN,
    COMPLETE,
    {**PLAIN, "steff": 5800.0, "srad": 1.0, "slogg": 4.4},
    {**PLAIN, "impact": 0.9, "snr": 12.0},
    {**COMPLETE, "impact": None},
    {**COMPLETE, "snr": None, "tmag": None},
    {**COMPLETE, "impact": 1.02},
    {**COMPLETE, "period": 380.0, "duration": 13.0, "depth": 84.0, "snr": 8.0},
    {**COMPLETE, "period": 0.6, "duration": 1.1, "depth": 150_000.0, "snr": 900.0},
    {**COMPLETE, "steff": 3300.0, "srad": 0.3, "slogg": 4.9, "tmag": 15.5},
]

EVALUATION_FIGURES = ("n_test", "accuracy", "macro_f1", "log_loss", "ece", "confusion_matrix")


def main() -> None:
    """Makes the samples of this release in the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as name:
        data_dir = Path(name) / "data"
        data_dir.mkdir()
        expected = use_server(data_dir, Path(name))
        archive = folder / f"{expected['version']}.tar.xz"
        pack(data_dir, archive)
    description = archive.with_name(f"{expected['version']}.json")
    description.write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sizes = {path: path.stat().st_size for path in (archive, description)}
    for path, size in sizes.items():
        print(f"{path}: {size:,} bytes")
    if sum(sizes.values()) > LARGEST:
        raise SystemExit(
            f"Expected at most {LARGEST:,} bytes, found {sum(sizes.values()):,}. The kill came too "
            f"late, perhaps (after epoch {EPOCHS} it costs least): make them again."
        )


def use_server(data_dir: Path, scratch: Path) -> dict[str, Any]:
    """Fills a data folder through the API and kills the server; what the API said of it all."""
    server = Server(data_dir, EXOTRAIN_WARM_WORKERS="0")
    try:
        client = Client(server)
        key = client.workspace("Samples")
        client.workspace("Empty")
        client.post("/api/tokens", 201, json={"user": "colleague"})
        client.post(f"/api/workspaces/{key}/members", 201, json={"user": "colleague"})
        catalogue = sample_catalogue(scratch)
        otherwise = read_otherwise(client, key, catalogue)
        dataset_id = client.upload(key, catalogue)["id"]
        completed = client.complete(key, dataset_id, **SPEC, epochs=EPOCHS)
        cancel_one(client, key, dataset_id)
        fail_one(server, client, key, dataset_id)
        client.post(f"/api/models/{completed['model_id']}/promote")
        candidates = candidates_of(client, dataset_id)
        predictions = predict(client, key, completed["model_id"], candidates)
        save_analysis(client, key, completed["model_id"], candidates, predictions)
        mark(client, completed)
        correct_labels(client, otherwise)
        studies = start_studies(client, key, otherwise)
        delete_one(client, key)
        batch_id = predict_batch(client, key, catalogue)
        expected = describe(client, key, dataset_id, completed)
        expected["batch"] = client.get(f"/api/predict/batches/{batch_id}")["batch"]
        expected["batch_rows"] = client.get(f"/api/predict/batches/{batch_id}/rows?limit=5")["rows"]
        expected["candidates"] = candidates
        expected["labels"] = client.get(labels_of(otherwise))["rows"]
        expected["versions"] = client.get(f"/api/training/dataset/{otherwise}/versions")["versions"]
        expected["studies"] = [client.get(f"{STUDIES}/{each}")["study"] for each in studies]
        path = f"{STUDIES}/{studies[0]}/predictions?limit=5"
        expected["study_rows"] = client.get(path)["rows"]
        expected["bin"] = client.get(f"/api/bin?workspace_key={key}")["entries"]
        expected["predictions"] = {str(completed["model_id"]): predictions}
        expected["interrupted"], expected["pending"] = leave_two(client, key, dataset_id)
    finally:
        workers = server.children()
        server.stop(signal.SIGKILL)
        wait_for(lambda: [each for each in workers if is_running(each)], lambda left: not left, 15)
    return expected


def sample_catalogue(folder: Path) -> Path:
    """A simulated catalogue and two rows that cannot be used, with epochs of no meaning."""
    path = small_catalogue(folder, ROWS)
    lines = [*path.read_text("utf-8").splitlines(), *REJECTED_ROWS.splitlines()]
    header = next(n for n, line in enumerate(lines) if not line.startswith("#"))
    lines[header] += ",epoch"
    for n in range(header + 1, len(lines)):
        lines[n] += f",{2_455_000 + 0.37 * n:.4f}"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def read_otherwise(client: Client, key: str, catalogue: Path) -> int:
    """The same file as another dataset; the last one is the first of the list."""
    said = {"units": '{"depth": "ppm"}', "labels": '{"0": 2}'}
    with open(catalogue, "rb") as content:
        answer = client.post(
            "/api/training/upload-dataset",
            201,
            files={"file": content},
            data={"workspace_key": key, **said},
        )
    return answer["dataset"]["id"]


def labels_of(dataset_id: int) -> str:
    """Where the layer of labels of a dataset is."""
    return f"/api/training/dataset/{dataset_id}/labels"


def mark(client: Client, session: dict[str, Any]) -> None:
    """What a person says of a session and of its model."""
    said = {"title": "The first", "tags": ["kept"], "note": "Of the samples.", "is_starred": True}
    client.call("PATCH", f"/api/training/session/{session['id']}", 200, json=said)
    client.call("PATCH", f"/api/models/{session['model_id']}", 200, json=said)


def correct_labels(client: Client, dataset_id: int) -> None:
    """Three votes, one of them withdrawn, frozen as a version; and one that is in none."""
    path = labels_of(dataset_id)
    votes: list[dict[str, Any]] = [
        {"row": 1, "label": 1, "reason": "flat transits"},
        {"row": 2, "label": "exclude", "reason": "too faint", "comment": "No spectrum."},
        {"row": 3, "label": 2, "reason": "a mistake"},
    ]
    for vote in votes:
        client.call("PUT", path, 200, json={"changes": [vote]})
    client.post(f"{path}/undo", json={"row": 3})
    client.post(f"/api/training/dataset/{dataset_id}/versions", 201, json={"name": "checked"})
    client.call("PUT", path, 200, json={"changes": [{**votes[2], "row": 4}]})


def start_studies(client: Client, key: str, dataset_id: int) -> list[int]:
    """One that was stopped in its first fold, which has a model, and a cancelled search."""
    common = {"workspace_key": key, "dataset_id": dataset_id, "dataset_version": 1}
    folds = start_study(client, {**common, **STUDY, "name": "folds"})
    wait_for(
        lambda: client.get(f"{STUDIES}/{folds}")["study"]["sessions"][0]["epochs_completed"],
        lambda epochs: epochs >= 1,
    )
    end_study(client, folds, "stop")
    space = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}
    asked = {"kind": "search", "space": space, "trials": 3, "name": "search", **ENDLESS}
    search = start_study(client, {**common, **asked})
    end_study(client, search, "cancel")
    return [folds, search]


def start_study(client: Client, body: dict[str, Any]) -> int:
    return client.post(STUDIES, 202, json=body)["study"]["id"]


def end_study(client: Client, study_id: int, how: str) -> None:
    client.post(f"{STUDIES}/{study_id}/{how}")
    wait_for(
        lambda: client.get(f"{STUDIES}/{study_id}")["study"]["status"],
        lambda status: status in ("completed", "failed", "cancelled"),
    )


def delete_one(client: Client, key: str) -> None:
    """An analysis that is in the bin."""
    body = {"workspace_key": key, "title": "Deleted", "candidates": [PLAIN]}
    body["predictions"] = [{"error": "not predicted"}]
    analysis = client.post("/api/analyses", 201, json=body)["analysis"]["id"]
    client.call("DELETE", f"/api/analyses/{analysis}", 200)


def predict_batch(client: Client, key: str, catalogue: Path) -> int:
    """The id of a completed batch."""
    with open(catalogue, "rb") as content:
        answer = client.post(
            "/api/predict/batches", 202, files={"file": content}, data={"workspace_key": key}
        )
    path = f"/api/predict/batches/{answer['batch']['id']}"
    wait_for(lambda: client.get(path)["batch"]["status"], lambda status: status == "completed", 60)
    return answer["batch"]["id"]


def cancel_one(client: Client, key: str, dataset_id: int) -> None:
    """A cancelled session."""
    session_id = client.train(key, dataset_id, model_name="cancelled", **ENDLESS)
    client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    client.post(f"/api/training/session/{session_id}/cancel")
    assert client.wait(session_id)["status"] == "cancelled"


def fail_one(server: Server, client: Client, key: str, dataset_id: int) -> None:
    """A failed session: its worker is killed, and that of its second attempt.

    Its finished epochs are deleted: they would take a megabyte.
    """
    session_id = client.train(key, dataset_id, model_name="failed", **ENDLESS)
    for _ in range(2):
        done = client.session(session_id)["epochs_completed"]
        wait_for(partial(client.session, session_id), partial(has_more_epochs, done + 1))
        for worker in server.children():
            os.kill(worker, signal.SIGKILL)
    assert client.wait(session_id)["status"] == "failed"
    client.call("DELETE", f"/api/training/session/{session_id}/checkpoint", 200)


def has_more_epochs(number: int, session: dict[str, Any]) -> bool:
    """Whether more epochs than this are finished."""
    return session["epochs_completed"] > number


def candidates_of(client: Client, dataset_id: int) -> list[dict[str, Any]]:
    """Some rows of the catalogue, and the special ones."""
    rows = client.get(f"/api/training/dataset/{dataset_id}/rows?limit=10")["rows"]
    return [{name: row[name] for name in COMPLETE} for row in rows] + SPECIAL


def predict(client: Client, key: str, model_id: int, candidates: list[Any]) -> list[Any]:
    """A model's predictions of the candidates."""
    body = {"workspace_key": key, "model_id": model_id, "rows": candidates}
    return client.post("/api/predict", json=body)["predictions"]


def save_analysis(
    client: Client, key: str, model_id: int, candidates: list[Any], predictions: list[Any]
) -> None:
    """An analysis of the first candidates."""
    body = {
        "workspace_key": key,
        "title": "Kept",
        "note": "Made by the samples.",
        "model_id": model_id,
        "candidates": candidates[:3],
        "predictions": predictions[:3],
    }
    client.post("/api/analyses", 201, json=body)


def describe(
    client: Client, key: str, dataset_id: int, completed: dict[str, Any]
) -> dict[str, Any]:
    """The API's answers that no start of a server changes."""
    in_workspace = f"?workspace_key={key}"
    dataset = f"/api/training/dataset/{dataset_id}"
    evaluation = f"/api/training/session/{completed['id']}/evaluation"
    sessions = client.get(f"/api/training/sessions{in_workspace}")["sessions"]
    analyses = client.get(f"/api/analyses{in_workspace}")["analyses"]
    figures = client.get(evaluation)["evaluation"]
    return {
        "version": client.get("/api/health")["version"],
        "workspaces": client.get("/api/workspaces")["workspaces"],
        "members": client.get(f"/api/workspaces/{key}/members")["members"],
        "datasets": client.get(f"/api/training/datasets{in_workspace}")["datasets"],
        "rows": client.get(f"{dataset}/rows?limit=5")["rows"],
        "rejected": client.get(f"{dataset}/rejected")["rejected"],
        "curve": sampled_curve(client.get(f"{dataset}/curve?row=3")),
        "sessions": [client.session(each["id"]) for each in sessions],
        "models": [
            client.get(f"/api/models/{each['id']}")["model"]
            for each in client.get(f"/api/models{in_workspace}")["models"]
        ],
        "evaluation": {name: figures[name] for name in EVALUATION_FIGURES},
        "evaluation_rows": client.get(f"{evaluation}/rows?limit=5")["rows"],
        "analyses": [client.get(f"/api/analyses/{each['id']}")["analysis"] for each in analyses],
    }


def sampled_curve(curve: dict[str, Any]) -> dict[str, Any]:
    """The geometry behind a curve, and every 50th of its points."""
    return {"parameters": curve["parameters"], "flux": curve["flux"][::50]}


def leave_two(client: Client, key: str, dataset_id: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Starts a session that will be interrupted and one that waits behind it.

    Returns:
        Both as they are when the first has finished some epochs. The checkpoint of the last one
        may not be written yet: its epoch is left out of the history.
    """
    interrupted = client.train(key, dataset_id, model_name="interrupted", **LONGER)
    pending = client.train(key, dataset_id, model_name="pending", **UNUSUAL)
    waiting = client.session(pending)
    seen = client.wait(interrupted, lambda session: session["epochs_completed"] >= EPOCHS)
    assert seen["status"] == "training"
    return {**seen, "history": seen["history"][:-1]}, waiting


def pack(data_dir: Path, archive: Path) -> None:
    """Packs a data folder, the same bytes for the same files."""
    # Numbers of four bytes, and a window in which equal weights in two files are found.
    filters = [
        {
            "id": lzma.FILTER_LZMA2,
            "preset": 9 | lzma.PRESET_EXTREME,
            "dict_size": 1 << 26,
            "lc": 0,
            "lp": 2,
        }
    ]
    files = sorted(path for path in data_dir.rglob("*") if path.is_file() and is_kept(path))
    with (
        lzma.open(archive, "wb", filters=filters) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in files:
            tar.add(path, path.relative_to(data_dir).as_posix(), filter=without_owner)


def is_kept(path: Path) -> bool:
    """Whether a file is part of the data: no log, no lock, nothing half written."""
    return path.suffix not in (".log", ".lock", ".partial") and not path.name.endswith("-shm")


def without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A file of the archive without what differs from machine to machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    member.mode = 0o644
    return member


if __name__ == "__main__":
    main()
