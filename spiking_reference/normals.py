"""Normals in stock, for loops that take one at a time.

They are drawn many at once, in lanes, at a fifth of the price of one by one.
"""

from typing import NamedTuple

import numpy as np

from ._jit import inlined, kernel
from .lanes import draw
from .streams import seed

__all__ = ["Normals", "begin", "new_normals", "pop"]

_LANES = 32
_STOCK = 2 * _LANES
# Streams are numbered from here, far from those that `seed` gives neurons elsewhere.
_FIRST = 1 << 59


class Normals(NamedTuple):
    """One neuron's stock.

    words (4, lanes) of xoshiro128+; z (2, lanes), flat: the same in one row; used (1,);
    seed (2,): to write on.
    """

    words: np.ndarray
    z: np.ndarray
    flat: np.ndarray
    used: np.ndarray
    seed: np.ndarray


def new_normals() -> Normals:
    """Return an empty stock; it has to `begin`."""
    z = np.zeros((2, _LANES), dtype=np.float32)
    words = np.zeros((4, _LANES), dtype=np.uint32)
    two = np.zeros(2, dtype=np.uint64)
    return Normals(words, z, z.reshape(-1), np.full(1, _STOCK), two)


@kernel
def begin(normals, key, index):
    """Start the stream of neuron `index`."""
    two = normals.seed
    for l in range(_LANES):
        seed(two, key, _FIRST + index * _LANES + l)
        for i in range(2):
            normals.words[2 * i, l] = np.uint32(two[i] & np.uint64(0xFFFFFFFF))
            normals.words[2 * i + 1, l] = np.uint32(two[i] >> np.uint64(32))
    normals.used[0] = _STOCK


@inlined
def pop(normals):
    """Take a standard normal; float32 in value, see `lanes.draw`."""
    i = normals.used[0]
    if i == _STOCK:
        draw(normals.words, normals.z, _LANES)
        i = 0
    normals.used[0] = i + 1
    return np.float64(normals.flat[i])
