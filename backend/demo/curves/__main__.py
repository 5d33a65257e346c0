"""`make demo-curves`: a network that sees light curves beside one that does not, same stars.

The stars are simulated, with our own transit model. A server in the background keeps running, so
that the comparison can be looked at; `make stop` stops it.
"""

import argparse
import os
import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from backend.config import Settings, SettingsError
from backend.demo import server_process
from backend.demo.client import Api, DemoFailed
from backend.demo.curves import results, steps
from backend.demo.curves.files import write_light_curves, write_table
from backend.demo.curves.photometry import DAYS
from backend.demo.curves.population import draw_population
from backend.storage import lock

STARS = 600
SEED = 1
# With fewer there are not enough of each class to be trained on.
FEWEST_STARS = 150


def main() -> None:
    """Run the demo; exit with 1 if something failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stars", type=int, default=STARS, help="how many are simulated")
    parser.add_argument("--seed", type=int, default=SEED, help="another one gives other stars")
    asked = parser.parse_args()
    if asked.stars < FEWEST_STARS or asked.seed < 0:
        parser.error(f"expected at least {FEWEST_STARS} stars, and a seed of 0 or more")
    os.umask(0o077)  # its token and its log are nobody else's
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.default_int_handler)
    try:
        settings = Settings.from_environment()
        show(settings, asked.stars, asked.seed)
    except (DemoFailed, SettingsError, OSError) as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit("demo: interrupted")


def show(settings: Settings, stars: int, seed: int) -> None:
    """Simulate, start a server if none is running, upload, train, and print what came of it.

    Raises:
        DemoFailed: the server did not start, refused something, or a session failed.
        KeyboardInterrupt: what the demo had started has ended.
    """
    table, archive = _simulate(settings, stars, seed)
    token = settings.token or server_process.demo_token(settings)
    api = Api(f"http://localhost:{settings.port}", token)
    was_running = lock.holder(settings.data_dir) is not None
    study_id: int | None = None
    try:
        server_process.start(settings, api)
        name = f"light curves {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
        workspace = api.post("/api/workspaces", name=name)["workspace"]
        key = workspace["key"]
        dataset = api.upload("/api/training/upload-dataset", table, workspace_key=key)["dataset"]
        print(f"Uploaded {table.name}: {dataset['num_samples']} rows accepted.")
        curve_set = steps.bring_light_curves(api, key, archive)
        steps.prepare_views(api, curve_set["id"], dataset["id"])
        spec = {"dataset_id": dataset["id"], "curve_set_id": curve_set["id"]}
        study_id = steps.start_study(api, workspace_key=key, **spec)
        print(f"Training {steps.CATALOGUE_NETWORK} and {steps.CURVE_NETWORK} on the same rows.")
        study = steps.watch_study(api, study_id)
    except KeyboardInterrupt:
        _end(settings, api, study_id, was_running)
        raise
    evaluations = [results.read_evaluation(api, each["id"]) for each in study["sessions"]]
    print(
        f"\nOn the same {evaluations[0]['n_test']} test rows, of stars that neither was trained on "
        "(in brackets the 95% interval):"
    )
    print("\n".join(results.comparison(*evaluations)))
    print(f"\n{results.difference(study)}")
    print(f"\n{steps.CURVE_NETWORK} on rows with and without a light curve:")
    print("\n".join(results.curves_shown_and_hidden(evaluations[1])))
    page = f"{api.address}/#/w/{workspace['id']}"
    last = study["sessions"][1]["id"]
    print(
        "\nThese stars are simulated: the figures show what the evidence is worth here, not in the "
        "sky.\n"
        "The server is running. Open it in a browser and sign in with the token.\n"
        f"  comparison     {page}/studies/{study_id}\n"
        f"  evaluation     {page}/sessions/{last}/evaluation\n"
        f"  light curves   {page}/datasets/{dataset['id']}\n"
        f"  token          {token}\n"
        f"  log            {server_process.log_path(settings)}\n"
        "Stop it with: make stop"
    )


def _simulate(settings: Settings, stars: int, seed: int) -> tuple[Path, Path]:
    """The files of the table and of the light curves, in the data folder."""
    population = draw_population(stars, seed)
    folder = settings.data_dir / "demo-curves"
    table, archive = folder / "candidates.csv", folder / "light-curves.zip"
    kinds = Counter(each.kind for each in population)
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    print(f"Simulating {stars} stars with a signal each ({counted}) …", flush=True)
    write_table(population, table)
    observed = write_light_curves(population, seed, archive)
    print(
        f"Period and depth are drawn alike for all kinds. {observed} stars have {DAYS:.0f} days of "
        f"photometry: spots, red and white noise, gaps, outliers.\nThe files are in {folder}"
    )
    return table, archive


def _end(settings: Settings, api: Api, study_id: int | None, was_running: bool) -> None:
    """End what was started: the study, and the server if it was not running before."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    print("\nEnding …", flush=True)
    if study_id is not None:
        try:
            api.post(f"/api/training/studies/{study_id}/cancel")
        except DemoFailed as error:  # it has just completed, or the server is gone
            print(f"The study was not cancelled: {error}")
    if not was_running:
        server_process.stop(settings)


if __name__ == "__main__":
    main()
