"""`make demo`: trains on the example catalogue through the API, as a person would with curl.

It starts a server in the background, or uses the one of an earlier demo, and leaves it running.
`--stop` ends it.
"""

import argparse
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from backend.config import REPOSITORY, Settings, SettingsError

Answer = dict[str, Any]

EXAMPLE = REPOSITORY / "example_dataset.csv"

_START_SECONDS = 60
_STOP_SECONDS = 15
_POLL_SECONDS = 0.5


class DemoFailed(RuntimeError):
    """The demo cannot go on; the message says why and what to do."""


class Api:
    """A server, seen by one user."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.token = token

    def get(self, path: str) -> Answer:
        """GET a JSON answer."""
        return self._call(path, None, {})

    def post(self, path: str, **fields: Any) -> Answer:
        """POST JSON."""
        body = json.dumps(fields).encode()
        return self._call(path, body, {"Content-Type": "application/json"})

    def upload(self, path: str, file: Path, **fields: str) -> Answer:
        """POST a small file as a form."""
        boundary = uuid.uuid4().hex
        parts = [_form_part(boundary, f'name="{k}"', v.encode()) for k, v in fields.items()]
        disposition = f'name="file"; filename="{file.name}"'
        parts.append(_form_part(boundary, disposition, file.read_bytes()))
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        return self._call(path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def is_healthy(self) -> bool:
        """Whether a server answers at this address."""
        try:
            return self.get("/api/health")["status"] == "healthy"
        except (ValueError, KeyError, DemoFailed):
            return False

    def _call(self, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        headers = {**headers, "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.address + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=150) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise DemoFailed(_explain_refusal(path, error)) from error
        except OSError as error:
            raise DemoFailed(
                f"the server at {self.address} does not answer ({error}); its log is exotrain.log "
                "in the data folder"
            ) from error


def main() -> None:
    """Show the whole way from a catalogue to a prediction, or stop the server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stop", action="store_true", help="stop the server")
    arguments = parser.parse_args()
    try:
        settings = Settings.from_environment()
        if arguments.stop:
            stop(settings)
        else:
            show(settings)
    except (DemoFailed, SettingsError) as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit("\ndemo: interrupted. The server goes on; stop it with: make stop")


def show(settings: Settings) -> None:
    """Start a server if none runs, upload, train, predict, and say where everything is.

    Raises:
        DemoFailed: the server did not start, or refused something.
    """
    token = settings.token or _demo_token(settings)
    api = Api(f"http://localhost:{settings.port}", token)
    _start_server(settings, api)
    key = _workspace_key(api)
    dataset = api.upload("/api/training/upload-dataset", EXAMPLE, workspace_key=key)["dataset"]
    print(
        f"Uploaded {EXAMPLE.name} (simulated): {dataset['num_samples']} rows accepted, "
        f"{dataset['num_rejected']} left out."
    )
    started = api.post("/api/training/start", workspace_key=key, dataset_id=dataset["id"], seed=1)
    print(f"Training session {started['session']['id']} started.")
    session = _watch(api, started["session"]["id"])
    _show_result(api, session)
    _show_prediction(api, key)
    print(
        f"\nThe server is running at {api.address}\n"
        "Open it in a browser and sign in with the token.\n"
        f"  token          {token}\n"
        f"  workspace key  {key}\n"
        f"  API viewer     {api.address}/api/docs\n"
        f"  log            {_log_path(settings)}\n"
        "Stop it with: make stop"
    )


def stop(settings: Settings) -> None:
    """End the server of this data folder, and wait until it has ended.

    Raises:
        DemoFailed: it does not end.
    """
    process_id = _server_process(settings)
    if process_id is None:
        print("No exotrain server is running.")
        return
    os.kill(process_id, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _server_process(settings) is not None:
        if time.monotonic() > deadline:
            raise DemoFailed(f"the server (process {process_id}) did not stop; see its log")
        time.sleep(_POLL_SECONDS)
    print("The server has stopped.")


def _start_server(settings: Settings, api: Api) -> None:
    if _server_process(settings) is not None and api.is_healthy():
        print(f"Using the server that runs at {api.address}.")
        return
    environment = {**os.environ, "EXOTRAIN_TOKEN": api.token}
    with open(_log_path(settings), "ab") as log:
        server = subprocess.Popen(
            [sys.executable, str(REPOSITORY / "backend" / "app.py")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it outlives the demo
        )
    deadline = time.monotonic() + _START_SECONDS
    while not (server.poll() is None and _server_process(settings) and api.is_healthy()):
        if server.poll() is not None or time.monotonic() > deadline:
            raise DemoFailed(f"the server did not start:\n{_last_line(_log_path(settings))}")
        time.sleep(_POLL_SECONDS / 5)
    print(f"Server started at {api.address}.")


def _server_process(settings: Settings) -> int | None:
    """The process that holds the lock of the data folder."""
    path = settings.data_dir / "exotrain.lock"
    if not path.exists():
        return None
    with open(path) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read().strip() or 0) or None
    return None


def _demo_token(settings: Settings) -> str:
    """A random token, kept beside the data so that the next demo finds the same server."""
    path = settings.data_dir / "demo.token"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text().strip()


def _workspace_key(api: Api) -> str:
    for workspace in api.get("/api/workspaces")["workspaces"]:
        if workspace["name"] == "demo":
            return workspace["key"]
    return api.post("/api/workspaces", name="demo")["workspace"]["key"]


def _watch(api: Api, session_id: int) -> Answer:
    """Follow a session until it ends, with one line that is written anew."""
    epoch = 0
    while True:
        session = api.get(f"/api/training/session/{session_id}?after_epoch={epoch}")["session"]
        for each in session["history"]:
            epoch = each["epoch"]
            _say(_epoch_line(each, session))
        if session["status"] not in ("pending", "training"):
            _write_over("")
            return session
        _write_over(_progress_line(session))
        time.sleep(_POLL_SECONDS)


def _epoch_line(epoch: Answer, session: Answer) -> str:
    return (
        f"epoch {epoch['epoch']:3d}/{session['epochs']}"
        f"   accuracy {epoch['accuracy']:.3f}, validation {epoch['val_accuracy']:.3f}"
        f"   loss {epoch['loss']:.3f}, validation {epoch['val_loss']:.3f}"
        f"   {epoch['epoch_seconds']:.1f} s"
    )


def _progress_line(session: Answer) -> str:
    width = 30
    done = round(width * (session["progress"] or 0))
    eta = session["eta_seconds"]
    remaining = "" if eta is None else f"   at most {eta:.0f} s more"
    doing = session["stage"] or session["status"]
    return f"[{'#' * done}{'.' * (width - done)}] {doing}{remaining}"


def _show_result(api: Api, session: Answer) -> None:
    if session["status"] != "completed":
        raise DemoFailed(f"the training ended as {session['status']}: {session['error']}")
    evaluation = api.get(f"/api/training/session/{session['id']}/evaluation")["evaluation"]
    print(
        f"Training completed after {session['epochs_completed']} epochs; "
        f"the best was epoch {session['best_epoch']}.\n"
        f"On {evaluation['n_test']} test rows of stars that it never saw, beside two "
        "gradient-boosted trees:"
    )
    print(_figures_table(evaluation))
    print(f"Model: {session['model_path']}")


def _figures_table(evaluation: Answer) -> str:
    baseline = evaluation["baseline"]
    columns = {
        "network": evaluation,
        "tree, same information": baseline["same_information"],
        "tree, all nine columns": baseline["all_columns"],
    }
    lines = [" " * 10 + "".join(f"{name:>24}" for name in columns)]
    for title, figure in (
        ("accuracy", "accuracy"),
        ("macro-F1", "macro_f1"),
        ("log loss", "log_loss"),
    ):
        values = "".join(f"{each[figure]:24.3f}" for each in columns.values())
        low, high = evaluation["intervals"][figure]
        lines.append(f"  {title:8}{values}   95% of the network's: {low:.3f} to {high:.3f}")
    return "\n".join(lines)


def _show_prediction(api: Api, key: str) -> None:
    candidate = {"period": 3.5, "duration": 3.0, "depth": 8000.0, "impact": 0.3, "snr": 80.0}
    star = {"steff": 5800.0, "srad": 1.0, "slogg": 4.4, "tmag": 11.0}
    answer = api.post("/api/predict", workspace_key=key, **candidate, **star)
    prediction = answer["predictions"][0]
    shares = ", ".join(f"{k} {v:.2f}" for k, v in prediction["probabilities"].items())
    print(f"A hot Jupiter's transit is predicted as {prediction['label_name']} ({shares}).")
    found = prediction["diagnostics"]
    print(
        f"Its transit and its star tell a radius of {found['planet_radius']:.1f} Earths and a "
        f"stellar density {found['density_ratio']:.1f} times the catalogue's."
    )


def _log_path(settings: Settings) -> Path:
    return settings.data_dir / "exotrain.log"


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"see {path}"


def _say(line: str) -> None:
    _write_over("")
    print(line, flush=True)


def _write_over(text: str) -> None:
    """Replace the terminal's last line; nothing when the output is no terminal."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print("\r" + text[:width].ljust(width) + ("\r" if not text else ""), end="", flush=True)


def _form_part(boundary: str, disposition: str, content: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def _explain_refusal(path: str, error: urllib.error.HTTPError) -> str:
    if error.code == 401:
        return (
            "the server that is running does not know this token: stop it with `make stop`, or "
            "set EXOTRAIN_TOKEN to its token"
        )
    return f"{path} answered {error.code}: {error.read(2000).decode(errors='replace')}"


if __name__ == "__main__":
    main()
