"""Made-up light curves: what the networks read of rows that have one, and of those without."""

import numpy as np

from backend.transit.networks.inputs import Matrix, no_evidence, no_local
from backend.transit.photometry.view_rows import LOCAL_VIEWS
from backend.transit.photometry.views import local_bins

_IN_TRANSIT = np.abs(local_bins()) < 0.5


def made_up_curves(rows: int, seed: int = 7) -> dict[str, Matrix]:
    """`local_input` and `evidence_input`; every other row has no light curve.

    The transit is 0.1% deep, in even transits 0.12%, with a secondary of half of it; a tenth of
    the bins has no point. Each number of the evidence is unknown in some of the rows.
    """
    random = np.random.default_rng(seed)
    local, evidence = no_local(rows), no_evidence(rows)
    depths = dict(zip(LOCAL_VIEWS, (1e-3, 1e-3, 1.2e-3, 5e-4, 0.0), strict=True))
    flux = 1 - _IN_TRANSIT[:, None] * np.array([depths[name] for name in LOCAL_VIEWS])
    seen = np.arange(0, rows, 2)
    noisy = flux + random.normal(0, 2e-4, (len(seen), *flux.shape))
    local[seen] = np.where(random.random(noisy.shape) < 0.1, np.nan, noisy)
    numbers = random.normal(0, 5, (len(seen), evidence.shape[1]))
    evidence[seen] = np.where(random.random(numbers.shape) < 0.1, np.nan, numbers)
    return {"local_input": local, "evidence_input": evidence}
