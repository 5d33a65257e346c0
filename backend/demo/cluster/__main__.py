"""`make demo-cluster`: the same study twice on a small Ray cluster; once a node is killed.

A head, two nodes and a server run on this machine, each with a folder of its own. In the end the
two studies are compared, and nothing is left running.
"""

import os
import signal
import sys
from typing import Any

from backend.config import REPOSITORY
from backend.demo.client import Answer, DemoFailed
from backend.demo.cluster.comparison import differing_arrays, differing_figures, flattened
from backend.demo.cluster.machines import Machines
from backend.demo.cluster.study import EPOCHS, FOLDS, Result, run

EXAMPLE = REPOSITORY / "example_dataset.csv"

NODES = ("node 1", "node 2")

# How far the fold must be whose node is killed: in the middle.
_KILL_FROM, _KILL_TO = 2, EPOCHS - 2


def main() -> None:
    """Run the demo; exit with 1 if the studies differ or something failed."""
    os.umask(0o077)  # its tokens and its logs are nobody else's
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _interrupt)
    if not os.path.isdir("/proc/self"):
        sys.exit("demo: it needs Linux, to find every process that it has started")
    try:
        machines = Machines()
    except OSError as error:
        sys.exit(f"demo: {error}")
    failure: str | None = None
    is_kept = False
    try:
        show(machines)
    except (DemoFailed, OSError) as error:
        failure, is_kept = f"demo: {error}", True
    except KeyboardInterrupt:
        failure = "\ndemo: interrupted"
    finally:
        _ignore_signals()
        machines.stop()
    if is_kept:
        failure = f"{failure}\nThe logs are in {machines.folder}"
    else:
        machines.remove_folder()
    print("Everything that the demo started has ended.", flush=True)
    if failure:
        sys.exit(failure)


def show(machines: Machines) -> None:
    """Start the cluster, run the study twice, compare.

    Raises:
        DemoFailed: something did not start, did not end, or the studies differ.
    """
    print(f"Starting a Ray cluster on this machine: a head and two nodes ({machines.folder}).")
    machines.start_head()
    for name in NODES:
        machines.start_node(name)
    api = machines.start_server()
    machines.wait_for_cpus(api, len(NODES))
    print(f"The cluster at {machines.address} is ready, and the server at {api.address}.")
    key = api.post("/api/workspaces", name="demo")["workspace"]["key"]
    dataset = api.upload("/api/training/upload-dataset", EXAMPLE, workspace_key=key)["dataset"]
    print(f"Uploaded {EXAMPLE.name} (simulated): {dataset['num_samples']} rows accepted.")
    spec = {"workspace_key": key, "dataset_id": dataset["id"]}

    print(f"\nA study of {FOLDS} folds, {EPOCHS} epochs each, undisturbed:")
    undisturbed = run(api, machines, "undisturbed", lambda _: None, **spec)
    print("\nThe same study again. This time a node is killed on the way:")
    killer = _Killer(machines)
    disturbed = run(api, machines, "disturbed", killer, **spec)
    killer.require_killed()
    print()
    compare(undisturbed, disturbed)


class _Killer:
    """Kills the second node in the middle of a fold, once."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        self._victim: int | None = None
        self._has_moved = False

    def __call__(self, sessions: list[Answer]) -> None:
        if self._victim is None:
            self._kill_one(sessions)
        elif not self._has_moved:
            self._say_where_it_goes_on(sessions)

    def _kill_one(self, sessions: list[Answer]) -> None:
        for each in sessions:
            is_under_way = _KILL_FROM <= each["epochs_completed"] <= _KILL_TO
            if (
                each["status"] == "training"
                and is_under_way
                and self._machines.node_of(each["id"]) == NODES[1]
            ):
                self._victim = each["id"]
                self._machines.kill(NODES[1])
                print(
                    f"          {NODES[1]} is killed (kill -9), {each['epochs_completed']} epochs "
                    f"into fold {each['fold']}.",
                    flush=True,
                )
                return

    def _say_where_it_goes_on(self, sessions: list[Answer]) -> None:
        (session,) = (each for each in sessions if each["id"] == self._victim)
        node = self._machines.node_of(session["id"])
        if session["status"] == "training" and node is not None:
            self._has_moved = True
            print(
                f"          Fold {session['fold']} resumes on {node} after "
                f"{session['epochs_completed']} epochs.",
                flush=True,
            )

    def require_killed(self) -> None:
        """Check that a node was killed in the middle of a fold.

        Raises:
            DemoFailed: the folds were too quick.
        """
        if self._victim is None:
            raise DemoFailed("the study has ended before a node could be killed: run it again")


def compare(undisturbed: Result, disturbed: Result) -> None:
    """Print what both have found, side by side.

    Raises:
        DemoFailed: they differ.
    """
    rows: list[tuple[str, str, str, bool]] = []
    for fold, (one, other) in enumerate(
        zip(undisturbed.weights, disturbed.weights, strict=True), start=1
    ):
        found = differing_arrays(one, other)
        rows.append(
            (f"weights of fold {fold}", f"{len(one)} arrays", f"{len(other)} arrays", not found)
        )
    for title, name in (
        ("accuracy", "accuracy"),
        ("macro-F1", "macro_f1"),
        ("log loss", "log_loss"),
    ):
        first, second = (_main_figure(each, name) for each in (undisturbed, disturbed))
        rows.append((title, f"{first:.6f}", f"{second:.6f}", first == second))
    figures = differing_figures(undisturbed.figures, disturbed.figures)
    count, other_count = (
        str(sum(1 for _ in flattened(each.figures))) for each in (undisturbed, disturbed)
    )
    rows.append(("all figures", count, other_count, not figures))
    rows.append(("seconds", f"{undisturbed.seconds:.0f}", f"{disturbed.seconds:.0f}", True))

    print(f"{'':20}{'undisturbed':>14}{'a node killed':>16}")
    for title, first, second, is_same in rows:
        word = "" if title == "seconds" else "the same" if is_same else "DIFFERENT"
        print(f"{title:20}{first:>14}{second:>16}   {word}".rstrip())
    if not all(is_same for *_, is_same in rows):
        raise DemoFailed(f"the two studies differ ({', '.join(figures[:5]) or 'in their weights'})")
    print("The same weights, bit for bit, and the same figures.")


def _main_figure(result: Result, name: str) -> Any:
    return result.figures["study"]["figures"][name]["mean"]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    """Nothing keeps it from ending what it has started."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)


if __name__ == "__main__":
    main()
