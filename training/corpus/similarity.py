"""Near-duplicates: candidates by MinHash, verified by the exact Jaccard similarity.

A text is the set of its runs of three words. Posts are gone through oldest first, and one that is too
similar to a post that was kept is left out, so that the same posts survive in every order and chained
likeness merges nothing. A text of fewer words than a run is only ever compared exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

from training.corpus.documents import words_in

RUN = 3
PERMUTATIONS = 128
_SEED = 1
_SLACK = 0.15
"""How far below the threshold candidates begin. More would miss fewer like texts and compare many more unlike
ones. As it is, a pair at a threshold of 0.6 is missed once in 85 times, (1 - 0.6^4)^32, one at 0.7 once in
6,500."""

KNOWN = 20_000
"""Texts whose runs are kept at hand: like texts are often near each other in time."""

Signatures = NDArray[np.uint32]


def shingles(text: str) -> frozenset[str]:
    """The runs of words of a text; empty for one that is shorter than a run."""
    words = words_in(text)
    return frozenset(" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared elements as a share of all; 0 when either is empty."""
    if not one or not other:
        return 0.0
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def signature(text: str) -> bytes:
    """The MinHash of a text, 4 bytes for each permutation; empty for a text without runs."""
    runs = shingles(text)
    if not runs:
        return b""
    minhash = MinHash(num_perm=PERMUTATIONS, seed=_SEED)
    minhash.update_batch([run.encode() for run in runs])
    return bytes(minhash.hashvalues.astype("<u4").tobytes())


def bands_for(threshold: float) -> tuple[int, int]:
    """Number of bands and rows in each, with which likeness from a little below the threshold is noticed.

    Two texts meet in a band of r rows with probability s^r; 1/b of the bands at s = (1/b)^(1/r).
    """
    fitting = [
        (PERMUTATIONS // rows, rows)
        for rows in range(1, 17)
        if (rows / PERMUTATIONS) ** (1 / rows) <= max(threshold - _SLACK, 0.05)
    ]
    return fitting[-1] if fitting else (PERMUTATIONS, 1)


def near_duplicates(
    signatures: Signatures, order: NDArray[np.int64], text_of: Callable[[int], str], threshold: float
) -> dict[int, int]:
    """Map each text that is left out to the kept one that it is too similar to.

    ``signatures`` (N, P) has a row of zeros for a text without runs; ``order`` lists the texts oldest first.
    """
    buckets = _buckets(signatures, threshold)  # (N, bands), -1 where a text is alone
    kept: dict[tuple[int, int], list[int]] = defaultdict(list)
    left_out: dict[int, int] = {}

    @lru_cache(maxsize=KNOWN)
    def runs(index: int) -> frozenset[str]:
        return shingles(text_of(index))

    for index in order.tolist():
        places = [(band, bucket) for band, bucket in enumerate(buckets[index].tolist()) if bucket >= 0]
        if not places:
            continue
        candidates = sorted({other for place in places for other in kept[place]})
        like = next((other for other in candidates if jaccard(runs(index), runs(other)) >= threshold), None)
        if like is not None:
            left_out[index] = like
            continue
        for place in places:
            kept[place].append(index)
    return left_out


def _buckets(signatures: Signatures, threshold: float) -> NDArray[np.int32]:
    """The bucket of each text in each band; -1 for a text that shares it with nobody, or has no runs."""
    bands, rows = bands_for(threshold)
    buckets = np.full((len(signatures), bands), -1, dtype=np.int32)
    silent = ~signatures.any(axis=1)
    for band in range(bands):
        part = np.ascontiguousarray(signatures[:, band * rows : (band + 1) * rows])
        whole = part.view(np.dtype((np.void, part.dtype.itemsize * rows))).ravel()
        _, inverse, counts = np.unique(whole, return_inverse=True, return_counts=True)
        buckets[:, band] = np.where(counts[inverse] > 1, inverse, -1)
    buckets[silent] = -1
    return buckets
