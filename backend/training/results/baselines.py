"""Boosted trees on the stars of a session, to compare its network with."""

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from backend.training.examples.real_curves import RealCurves
from backend.training.spec import TrainingSpec
from backend.training.split import Split
from backend.transit.evaluation.baseline import Baseline, evaluate_baselines, sample_rows
from backend.transit.evaluation.light_curves import ViewComponents
from backend.transit.keys import read_rows
from backend.transit.networks import registry
from backend.transit.networks.inputs import Matrix
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Index, Rows

_POLL_SECONDS = 0.1


class Baselines:
    """The figures of the boosted trees, made in a thread while the network learns.

    Args:
        spec: of the session.
        table: ROW_DTYPE, (n,), may be a memory-mapped file.
        split: of its rows.
        relations: float32, (n, k), of its rows; None for a network without them.
        views: VIEW_ROW_DTYPE, of its rows; None for a network that reads no light curves. The trees
            get the numbers, and principal components of the views.
        weights: float32, (n,), of its rows, how much each counts in the learning; None: all alike.
    """

    def __init__(
        self,
        spec: TrainingSpec,
        table: Rows,
        split: Split,
        relations: Matrix | None = None,
        views: ViewRows | None = None,
        weights: NDArray[np.float32] | None = None,
    ) -> None:
        self._weights = weights
        self._spec, self._table, self._split = spec, table, split
        self._relations, self._views = relations, views
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
            self._figures = evaluate_baselines(
                read_rows(self._table, chosen),
                read_rows(self._table, self._split.test),
                self._spec.seed,
                self._split.test_groups,
                has_catalogue,
                self._others(chosen),
                None if self._weights is None else self._weights[chosen],
            )
        except Exception as error:  # raised where the figures are asked for
            self._failure = error

    def _others(self, chosen: Index) -> tuple[Matrix, Matrix] | None:
        """What the network sees besides the columns, of training rows and of the test rows."""
        pairs = []
        if self._relations is not None:
            pairs.append((self._relations[chosen], self._relations[self._split.test]))
        if self._views is not None:
            known, asked = (RealCurves(self._views, rows) for rows in (chosen, self._split.test))
            pairs.append((known.evidence, asked.evidence))
            components = ViewComponents(known.local)
            pairs.append((components(known.local), components(asked.local)))
        if not pairs:
            return None
        first, second = zip(*pairs, strict=True)
        return np.concatenate(first, axis=1), np.concatenate(second, axis=1)
