"""`make demo`: train on the example catalogue through the API, as a user would with curl.

Starts a server in the background, or uses the one of an earlier demo, and leaves it running;
`--stop` stops it.
"""

import argparse
import os
import sys
import time

from backend.config import REPOSITORY, Settings, SettingsError
from backend.demo import server_process
from backend.demo.client import Answer, Api, DemoFailed
from backend.demo.progress import bar, overwrite_last_line, print_line

EXAMPLE = REPOSITORY / "example_dataset.csv"

_POLL_SECONDS = 0.5


def main() -> None:
    """Run the demo, or stop its server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stop", action="store_true", help="stop the server")
    arguments = parser.parse_args()
    os.umask(0o077)  # its token and its log are nobody else's
    try:
        settings = Settings.from_environment()
        if arguments.stop:
            server_process.stop(settings)
        else:
            show(settings)
    except (DemoFailed, SettingsError, OSError) as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit("\ndemo: interrupted. The server keeps running if it was ready: make stop")


def show(settings: Settings) -> None:
    """Start a server if none is running, upload, train, predict, and print where everything is.

    Raises:
        DemoFailed: the server did not start, or refused something.
    """
    token = settings.token or server_process.demo_token(settings)
    api = Api(f"http://localhost:{settings.port}", token)
    server_process.start(settings, api)
    key = _workspace_key(api)
    dataset = api.upload("/api/training/upload-dataset", EXAMPLE, workspace_key=key)["dataset"]
    print(
        f"Uploaded {EXAMPLE.name} (simulated): {dataset['num_samples']} rows accepted, "
        f"{dataset['num_rejected']} rejected."
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
        f"  log            {server_process.log_path(settings)}\n"
        "Stop it with: make stop"
    )


def _workspace_key(api: Api) -> str:
    for workspace in api.get("/api/workspaces")["workspaces"]:
        if workspace["name"] == "demo":
            return workspace["key"]
    return api.post("/api/workspaces", name="demo")["workspace"]["key"]


def _watch(api: Api, session_id: int) -> Answer:
    """Follow a session until it ends: a line per epoch, and a progress line at the bottom."""
    epoch = 0
    while True:
        session = api.get(f"/api/training/session/{session_id}?after_epoch={epoch}")["session"]
        for each in session["history"]:
            epoch = each["epoch"]
            print_line(_epoch_line(each, session))
        if session["status"] not in ("pending", "training"):
            overwrite_last_line("")
            return session
        overwrite_last_line(_progress_line(session))
        time.sleep(_POLL_SECONDS)


def _epoch_line(epoch: Answer, session: Answer) -> str:
    return (
        f"epoch {epoch['epoch']:3d}/{session['epochs']}"
        f"   accuracy {epoch['accuracy']:.3f}, validation {epoch['val_accuracy']:.3f}"
        f"   loss {epoch['loss']:.3f}, validation {epoch['val_loss']:.3f}"
        f"   {epoch['epoch_seconds']:.1f} s"
    )


def _progress_line(session: Answer) -> str:
    eta = session["eta_seconds"]
    remaining = "" if eta is None else f"   at most {eta:.0f} s left"
    doing = session["stage"] or session["status"]
    return bar(session["progress"] or 0, f"{doing}{remaining}")


def _show_result(api: Api, session: Answer) -> None:
    if session["status"] != "completed":
        raise DemoFailed(f"the session ended as {session['status']}: {session['error']}")
    evaluation = api.get(f"/api/training/session/{session['id']}/evaluation")["evaluation"]
    print(
        f"Training completed after {session['epochs_completed']} epochs; "
        f"the best was epoch {session['best_epoch']}.\n"
        f"On {evaluation['n_test']} test rows, of stars that it was not trained on, beside two "
        "gradient-boosted trees:"
    )
    print(_figures_table(evaluation))
    print(f"Model: {session['model_path']}")


def _figures_table(evaluation: Answer) -> str:
    baseline = evaluation["baseline"]
    columns = {
        "network": evaluation,
        "trees, same information": baseline["same_information"],
        "trees, all nine columns": baseline["all_columns"],
    }
    lines = [" " * 10 + "".join(f"{name:>24}" for name in columns)]
    for title, figure in (
        ("accuracy", "accuracy"),
        ("macro-F1", "macro_f1"),
        ("log loss", "log_loss"),
    ):
        values = "".join(f"{each[figure]:24.3f}" for each in columns.values())
        low, high = evaluation["intervals"][figure]
        lines.append(f"  {title:8}{values}   95% interval of the network: {low:.3f} to {high:.3f}")
    return "\n".join(lines)


def _show_prediction(api: Api, key: str) -> None:
    candidate = {"period": 3.5, "duration": 3.0, "depth": 8000.0, "impact": 0.3, "snr": 80.0}
    star = {"steff": 5800.0, "srad": 1.0, "slogg": 4.4, "tmag": 11.0}
    answer = api.post("/api/predict", workspace_key=key, **candidate, **star)
    prediction = answer["predictions"][0]
    shares = ", ".join(f"{k} {v:.2f}" for k, v in prediction["probabilities"].items())
    print(f"The transit of a hot Jupiter is classified as {prediction['label_name']} ({shares}).")
    found = prediction["diagnostics"]
    print(
        f"From its transit and its star: a radius of {found['planet_radius']:.1f} Earth radii, "
        f"and a stellar density {found['density_ratio']:.1f} times that of the catalogue."
    )
    for warning in answer["warnings"]:
        print(warning)


if __name__ == "__main__":
    main()
