"""How groups of rows are divided: into training, validation and test rows, or into folds."""

from heapq import heapify, heapreplace

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS
from backend.transit.rows import Index


def by_size_at_random(groups: Index, sizes: Index, random: np.random.Generator) -> Index:
    """Sort groups: from the largest on, those of equal size in random order.

    Args:
        groups: intp, (m,), numbers of groups.
        sizes: rows of each group, by its number.
        random: shuffles them.

    Returns:
        intp, (m,).
    """
    shuffled = random.permutation(groups)
    return shuffled[np.argsort(-sizes[shuffled], kind="stable")]


def dealt(sizes: Index, held: Index, random: np.random.Generator) -> Index:
    """Deal the groups of one class: each goes to the fold with the fewest of its rows so far.

    Of several such folds, to the one with the fewest rows of all classes.

    Args:
        sizes: rows of each group, decreasing, (n,).
        held: rows that each fold has of other classes, (folds,); grows by those that are dealt.
        random: decides between folds that are equal in both.

    Returns:
        The fold of each group, from 0: intp, (n,).

    Source: Graham (1969), SIAM J. Appl. Math. 17, 416: longest processing time first.
    """
    ties = random.permutation(len(held)).tolist()
    heap = [(0, before, ties[fold], fold) for fold, before in enumerate(held.tolist())]
    heapify(heap)
    found = np.empty(len(sizes), np.intp)
    for i, size in enumerate(sizes.tolist()):
        rows, before, tie, fold = heap[0]
        found[i] = fold
        heapreplace(heap, (rows + size, before + size, tie, fold))
    held += np.bincount(found, sizes, len(held)).astype(held.dtype)
    return found


def divided(
    sizes: Index, validation_split: float, test_split: float, random: np.random.Generator
) -> NDArray[np.int8]:
    """The part of each group, 0 (training), 1 (validation) or 2 (test): int8, (n,).

    Args:
        sizes: rows of each group, decreasing, (n,).
        validation_split, test_split: fractions of the rows; a test split of 0 gives none.
        random: draws the parts.
    """
    rows = int(sizes.sum())
    room = np.array([0, share_of(validation_split, rows), share_of(test_split, rows)])
    room[0] = rows - room.sum()
    part = np.zeros(len(sizes), np.int8)
    several = int(np.count_nonzero(sizes > 1))
    # Of the last groups one is kept for each part, so that none is without this class; the first
    # of very few is for training.
    kept = [each for each in (1, 2) if room[each] > 0][: len(sizes) - 1]
    several = min(several, len(sizes) - len(kept))
    for i, (size, chance) in enumerate(zip(sizes[:several], random.random(several), strict=True)):
        fits = np.where(room >= size, room, 0)
        fits[0] = max(room[0], 1)
        part[i] = np.searchsorted(np.cumsum(fits), chance * fits.sum(), side="right")
        room[part[i]] -= size
    rest = np.zeros(len(sizes) - several, np.int8)
    rest[: len(kept)] = kept
    room[kept] -= sizes[several : several + len(kept)]
    begin = len(kept)
    for each in kept:
        end = begin + max(0, int(room[each]))
        rest[begin:end] = each
        begin = min(end, len(rest))
    part[several:] = rest
    return part


def share_of(fraction: float, count: int) -> int:
    """A fraction of so many, at least one; none for a fraction of 0."""
    return max(1, round(fraction * count)) if fraction > 0 else 0


def rarest_label(labels: NDArray[np.int8], stars: Index) -> NDArray[np.int8]:
    """For each star the label, among its rows', that the fewest rows of the table have."""
    by_frequency = np.argsort(np.bincount(labels, minlength=len(LABELS)), kind="stable")
    rank = np.empty(len(LABELS), dtype=np.int8)
    rank[by_frequency] = np.arange(len(LABELS))
    rarest = np.full(int(stars.max()) + 1, len(LABELS), dtype=np.int8)
    np.minimum.at(rarest, stars, rank[labels])
    return by_frequency[rarest].astype(np.int8)
