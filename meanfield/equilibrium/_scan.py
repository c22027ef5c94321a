"""All roots in one and two dimensions: cells in which every component may vanish."""

import itertools
from collections.abc import Callable

import numpy as np

_NODES = {1: 1025, 2: 97}
_LEVELS = {1: 5, 2: 5}
_MARGIN = (
    0.5  # of the change within a cell: what an extremum inside may exceed corners by
)
_MOST = 20_000  # cells
_BLOCK, _BLOCKS = 8, 200  # width of a block in cells; blocks where there are too many


def candidates(
    mismatch: Callable[[np.ndarray], np.ndarray], top: np.ndarray
) -> tuple[np.ndarray, int, bool]:
    """Return cells' middles near all roots of `mismatch` in [0, top], in an order.

    The first in each block of cells come first, then all others. `mismatch` takes points
    (m, n) and returns (m, n). Second: the number of the first ones. Third: whether there
    were not too many cells.
    """
    n = top.size
    offsets = np.array(list(itertools.product((0.0, 1.0), repeat=n)))
    nodes = _NODES[n]
    axes = np.meshgrid(*[np.arange(nodes - 1.0)] * n, indexing="ij")
    corner = np.stack([a.reshape(-1) for a in axes], axis=-1)
    every = np.stack(np.meshgrid(*[np.arange(nodes)] * n, indexing="ij"), axis=-1)
    width = top / (nodes - 1)
    values = mismatch(every.reshape(-1, n) * width).reshape(*[nodes] * n, n)
    index = (corner[:, None] + offsets).astype(int)
    kept = _may_vanish(values[tuple(np.moveaxis(index, -1, 0))])
    low = corner[kept] * width
    for _ in range(_LEVELS[n]):
        width = 0.5 * width
        low = (low[:, None] + offsets * width).reshape(-1, n)
        if low.shape[0] > _MOST:
            low = low[:: low.shape[0] // _BLOCKS]
            return low + 0.5 * width, low.shape[0], False
        points = low[:, None] + offsets * width
        values = mismatch(points.reshape(-1, n)).reshape(points.shape)
        low = low[_may_vanish(values)]
    block = np.unique(low // (_BLOCK * width), axis=0, return_index=True)[1]
    order = np.concatenate([block, np.setdiff1d(np.arange(low.shape[0]), block)])
    return low[order] + 0.5 * width, block.size, True


def _may_vanish(values: np.ndarray) -> np.ndarray:
    """Whether all components may be 0 in cells, of values (cells, corners, n)."""
    low, high = values.min(axis=1), values.max(axis=1)
    margin = _MARGIN * (high - low)
    return np.all((low - margin <= 0.0) & (high + margin >= 0.0), axis=-1)
