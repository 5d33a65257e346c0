"""Boosted trees on the stars of a session, to compare its network with."""

import threading
from collections.abc import Callable

from backend.training.spec import TrainingSpec
from backend.training.split import Split
from backend.transit.evaluation.baseline import Baseline, evaluate_baselines, sample_rows
from backend.transit.keys import read_rows
from backend.transit.networks import registry
from backend.transit.networks.inputs import Matrix
from backend.transit.rows import Rows

_POLL_SECONDS = 0.1


class Baselines:
    """The figures of the boosted trees, made in a thread while the network learns.

    Args:
        spec: of the session.
        table: ROW_DTYPE, (n,), may be a memory-mapped file.
        split: of its rows.
        relations: float32, (n, k), of its rows; None for a network without them.
    """

    def __init__(
        self, spec: TrainingSpec, table: Rows, split: Split, relations: Matrix | None = None
    ) -> None:
        self._spec, self._table, self._split = spec, table, split
        self._relations = relations
        self._figures: dict[str, Baseline] | None = None
        self._failure: Exception | None = None
        # A daemon: a session that is cancelled does not wait for its trees.
        self._thread = threading.Thread(target=self._run, name="baselines", daemon=True)

    def start(self) -> None:
        """Begin, if there are test stars; once."""
        if len(self._split.test) and self._thread.ident is None:
            self._thread.start()

    def figures(self, poll: Callable[[], None]) -> dict[str, Baseline]:
        """Wait for the figures.

        Args:
            poll: called from time to time; may raise to end the wait.

        Raises:
            Exception: what the trees failed with.
        """
        self.start()
        while self._thread.is_alive():
            poll()
            self._thread.join(_POLL_SECONDS)
        if self._failure is not None:
            raise self._failure
        assert self._figures is not None
        return self._figures

    def _run(self) -> None:
        try:
            has_catalogue = registry.CATALOGUE_INPUT in registry.NETWORKS[self._spec.network].inputs
            chosen = sample_rows(self._split.train, self._spec.seed)
            relations = self._relations
            self._figures = evaluate_baselines(
                read_rows(self._table, chosen),
                read_rows(self._table, self._split.test),
                self._spec.seed,
                self._split.test_groups,
                has_catalogue,
                None if relations is None else (relations[chosen], relations[self._split.test]),
            )
        except Exception as error:  # raised where the figures are asked for
            self._failure = error
