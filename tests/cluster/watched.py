"""A server on a cluster whose sessions train without TensorFlow, and what must be true of both."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from tests.api import catalogue
from tests.cluster.ray_cluster import Node, RayCluster, processes_of
from tests.e2e.server import Client, Server, wait_for
from tests.soak import checker, journal
from tests.soak.hooks import environment
from tests.soak.stopped import Stopped

# Long enough for a test to come between two epochs, with other tests beside it.
EPOCH_SECONDS = 0.5

SECONDS = 120.0


def hooks(journal_folder: Path) -> dict[str, str]:
    """The variables with which the workers of a cluster train lightly and write the journal."""
    return environment(
        "watched_jobs",
        TRAINER="light",
        JOURNAL=journal_folder,
        LIGHT_EPOCH_SECONDS=EPOCH_SECONDS,
    )


class Watched:
    """A server on a cluster, with one workspace and one dataset.

    Args:
        cluster: started with `hooks(journal_folder)`.
        folder: an empty one, for its data.
        journal_folder: where the workers write what they do.
        variables: of the server.
    """

    def __init__(
        self, cluster: RayCluster, folder: Path, journal_folder: Path, **variables: str
    ) -> None:
        self.cluster = cluster
        self._journal = journal_folder
        for old in journal_folder.glob("*"):
            old.unlink()
        self.data_dir = folder / "data"
        self.data_dir.mkdir(parents=True)
        self.server = Server(
            self.data_dir,
            **{**cluster.server_environment, "EXOTRAIN_WARM_WORKERS": "0", **variables},
        )
        self.client = Client(self.server)
        self.key = self.client.workspace()
        file = folder / "catalogue.csv"
        file.write_text(catalogue())
        self.dataset_id = self.client.upload(self.key, file)["id"]

    def train(self, epochs: int = 8, **spec: Any) -> int:
        """Start a session."""
        return self.client.train(self.key, self.dataset_id, epochs=epochs, **spec)

    def wait(self, session_id: int, epochs: int | None = None) -> dict[str, Any]:
        """The session when it has ended, or has finished so many epochs."""
        if epochs is None:
            return self.client.wait(session_id, seconds=SECONDS)
        return self.client.wait(
            session_id, lambda session: session["epochs_completed"] >= epochs, SECONDS
        )

    def completed(self, session_id: int) -> dict[str, Any]:
        """The session when it is completed."""
        session = self.wait(session_id)
        assert session["status"] == "completed", session["error"]
        return session

    def health(self) -> dict[str, Any]:
        """What the server says of itself."""
        return self.client.get("/api/health")

    def reasons(self) -> dict[str, Any]:
        """What does not work, by its code."""
        return {each["code"]: each for each in self.health()["reasons"]}

    def until_reachable(self) -> None:
        """Wait until the server has seen the cluster, and looked at each node."""
        wait_for(
            lambda: [each["refusal"] for each in self.client.get("/api/cluster")["nodes"]],
            lambda refusals: refusals and not any(refusals),
            SECONDS,
        )
        assert "cluster" not in self.reasons()

    @property
    def log(self) -> str:
        """The server's, and what its bridge and its workers have printed."""
        return self.server.log.read_text(errors="replace")

    def bridge(self) -> int:
        """The process id of the bridge."""

        def find() -> int | None:
            for each in self.server.children():
                command = Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0")
                if b"backend.cluster" in command:
                    return each
            return None

        return wait_for(find, bool, SECONDS)

    def node_of(self, session_id: int) -> Node:
        """The node on which a session trains now."""

        def find() -> Node | None:
            for node in self.cluster.nodes:
                for folder in node.files.glob("*/work/*/model/checkpoints"):
                    if list(folder.glob(f"{session_id}.*")) and _is_owned(folder.parents[1]):
                        return node
            return None

        return wait_for(find, bool, SECONDS)

    def check(self, *, is_alone: bool = True) -> None:
        """Every invariant of the soak holds, now that nothing trains.

        Args:
            is_alone: whether no worker could outlive the loss of its node for a while: one that
                was stopped with its node goes on until it hears that it is gone.
        """
        wait_for(lambda: self.health()["queue"], lambda queue: not any(queue.values()), SECONDS)
        wait_for(self._violations, lambda found: not found, 10)
        if is_alone:
            lines = journal.read(self._journal)
            assert not list(checker.no_session_was_trained_twice(lines))
            assert not list(checker.at_most_one_epoch_was_repeated(lines))
        self.check_nodes()

    def check_nodes(self) -> None:
        """No worker runs on a node, and no data folder of one is left."""
        for node in self.cluster.nodes:
            wait_for(partial(workers_of, node), lambda found: not found, 20)
            wait_for(partial(_data_folders, node), lambda found: not found, 20)

    def close(self) -> None:
        """Stop the server; check all once more, and that no process of it is left."""
        children = self.server.children()
        self.server.stop()
        assert self.server.process.returncode == 0
        assert not [each for each in children if Path(f"/proc/{each}").exists()]
        assert not self._violations()

    def _violations(self) -> list[str]:
        stopped = Stopped(self.data_dir)
        of_each = (
            checker.the_database_is_whole(stopped),
            checker.every_session_has_one_state(stopped),
            checker.every_session_ended(stopped),
            checker.every_epoch_is_recorded_once(stopped),
            checker.every_model_is_the_one_that_was_saved(stopped, checker.load_light),
            checker.every_current_copy_is_the_current_model(stopped),
            checker.every_dataset_has_its_files(stopped),
            checker.no_file_is_left_over(stopped),
        )
        return [each for violations in of_each for each in violations]


def workers_of(node: Node) -> list[str]:
    """The workers of a node, each with the arguments of its process."""
    return [each for each in processes_of(node.name).values() if "-m backend.worker" in each]


def _data_folders(node: Node) -> list[Path]:
    return list(node.files.glob("*/work/*"))


def _is_owned(data: Path) -> bool:
    """Whether the process that has made a data folder lives."""
    try:
        os.kill(int(data.name.partition("-")[0]), 0)
    except ProcessLookupError:
        return False
    return True
