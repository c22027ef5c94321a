"""Spike counts in windows common to all neurons of a run: sums of them and products.

All sums are of integers below 2^53 and therefore exact: runs may be added up in any
order.
"""

from typing import NamedTuple

import numpy as np

from ._jit import inlined, inner

__all__ = ["Counts", "close_window", "new_counts", "restart_counts"]


class Counts(NamedTuple):
    """Counts of one run, and sums over runs; arrays over all neurons of the network.

    counted, total: spikes in the running window and since the warm-up; at (2,): windows
    closed in the running batch, and batches in the run; batching (2,): windows to a
    batch, batches to a run; batch (2, n): the running batch's counts and their squares;
    sums (n, 5): as in `counting.N_SUMS`; pairs (k,): the running batch's products of
    counts, the layers' square matrices one behind the other; pair_sums (4, k): sums over
    batches of p, p^2, p_ij a_i and a_i a_j. Without covariances k = 0.
    """

    counted: np.ndarray
    total: np.ndarray
    at: np.ndarray
    batching: np.ndarray
    batch: np.ndarray
    sums: np.ndarray
    pairs: np.ndarray
    pair_sums: np.ndarray


def new_counts(sizes: list[int], per_batch: int, batches: int, full: bool) -> Counts:
    """Zeros for layers of these sizes; products too where `full`."""
    n, k = sum(sizes), sum(size * size for size in sizes) if full else 0
    return Counts(
        np.zeros(n),
        np.zeros(n, dtype=np.int64),
        np.zeros(2, dtype=np.int64),
        np.array([per_batch, batches], dtype=np.int64),
        np.zeros((2, n)),
        np.zeros((n, 5)),
        np.zeros(k),
        np.zeros((4, k)),
    )


@inlined
def restart_counts(counts):
    """Begin to count anew, at the end of a warm-up."""
    counts.counted[:] = 0.0
    counts.total[:] = 0
    counts.at[:] = 0
    counts.batch[:] = 0.0
    counts.pairs[:] = 0.0


@inner
def _multiply(counts, first):
    """Add the products of the running window's counts."""
    begin = 0
    for l in range(first.size - 1):
        n = first[l + 1] - first[l]
        own = counts.counted[first[l] : first[l + 1]]
        for i in range(n):
            if own[i] > 0.0:
                row = counts.pairs[begin + i * n : begin + (i + 1) * n]
                for j in range(n):
                    row[j] += own[i] * own[j]
        begin += n * n


@inner
def _close_pairs(counts, first):
    begin = 0
    for l in range(first.size - 1):
        a = counts.batch[0, first[l] : first[l + 1]]
        for i in range(a.size):
            for j in range(a.size):
                p = counts.pairs[begin]
                counts.pair_sums[0, begin] += p
                counts.pair_sums[1, begin] += p * p
                counts.pair_sums[2, begin] += p * a[i]
                counts.pair_sums[3, begin] += a[i] * a[j]
                counts.pairs[begin] = 0.0
                begin += 1


@inner
def _close_batch(counts, first):
    for j in range(counts.total.size):
        a, q = counts.batch[0, j], counts.batch[1, j]
        sums = counts.sums[j]
        sums[0] += a
        sums[1] += q
        sums[2] += a * a
        sums[3] += a * q
        sums[4] += q * q
    if counts.pairs.size > 0:
        _close_pairs(counts, first)
    counts.batch[:] = 0.0


@inner
def close_window(counts, first):
    """Close the running window of all neurons; `first` as in `feedforward.Network`."""
    if counts.at[1] == counts.batching[1]:
        return  # behind the last whole batch
    for j in range(counts.total.size):
        n = counts.counted[j]
        counts.batch[0, j] += n
        counts.batch[1, j] += n * n
    if counts.pairs.size > 0:
        _multiply(counts, first)
    counts.counted[:] = 0.0
    counts.at[0] += 1
    if counts.at[0] == counts.batching[0]:
        _close_batch(counts, first)
        counts.at[0] = 0
        counts.at[1] += 1
