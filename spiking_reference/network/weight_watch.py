"""Samples of plastic weights while a network runs."""

from itertools import pairwise
from typing import Any

import numpy as np

from ..weights import RecordWeights, WeightResult
from .build import Built

__all__ = ["WeightWatch"]


class WeightWatch:
    """Takes means, standard deviations and some of the weights, every so many steps."""

    def __init__(self, built: Built, record: RecordWeights, steps: int, dt: float):
        plastic = built.net.plastic
        self.built, self.dt = built, dt
        self.every = max(1, round(record.every / dt))
        places = plastic.first_weight
        self.slices = [slice(a, b) for a, b in pairwise(places)]
        self.chosen = [_spread(s.stop - s.start, record.synapses) for s in self.slices]
        samples = steps // self.every + 1 if self.slices else 0
        self.mean = np.full((len(self.slices), samples), np.nan)
        self.std = np.full_like(self.mean, np.nan)
        kept = sum(c.size for c in self.chosen)
        self.traces = np.full((kept, samples), np.nan)

    def until(self, step: int) -> int:
        """Count the steps to the next sample."""
        if not self.slices:
            return 1 << 62
        return self.every - step % self.every

    def look(self, step: int) -> None:
        """Take a sample, if it is time to."""
        if not self.slices or step % self.every:
            return
        i, begin = step // self.every, 0
        for q, (part, chosen) in enumerate(zip(self.slices, self.chosen, strict=True)):
            weights = self.built.net.plastic.weight[part]
            if weights.size:
                self.mean[q, i], self.std[q, i] = weights.mean(), weights.std()
            self.traces[begin : begin + chosen.size, i] = weights[chosen]
            begin += chosen.size

    def results(self, skip: int, shapes: list) -> dict[int, WeightResult]:
        """By number of the projection."""
        found, begin = {}, 0
        t = (np.arange(self.mean.shape[1]) * self.every - skip) * self.dt
        for q, j in enumerate(self.built.net.plastic.projection.tolist()):
            chosen = self.chosen[q]
            edges = self.built.edges[j]
            found[j] = WeightResult(
                t=t, mean=self.mean[q], std=self.std[q],
                matrix=self._matrix(q, edges, shapes[j]),
                sources=np.searchsorted(edges.indptr, chosen, side="right") - 1,
                targets=edges.targets[chosen].astype(np.int64),
                traces=self.traces[begin : begin + chosen.size],
            )  # fmt: skip
            begin += chosen.size
        return found

    def _matrix(self, q: int, edges: Any, shape: tuple[int, int]) -> Any:
        from scipy import sparse

        weights = self.built.net.plastic.weight[self.slices[q]]
        lists = weights, edges.targets, edges.indptr
        found = sparse.csc_array(lists, shape=shape, copy=True)
        found.sum_duplicates()
        return found


def _spread(n: int, count: int) -> np.ndarray:
    return np.unique(np.linspace(0, n - 1, min(n, count)).astype(np.int64))
