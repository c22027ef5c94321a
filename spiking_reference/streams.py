"""Random streams, one per neuron or group, and the variates drawn from them.

A stream is a pair of uint64 words, the state of xoroshiro128++ [1]_. It is seeded by
hashing (key, index) with the finaliser of splitmix64, where the key is drawn once from
``numpy.random.default_rng(rng)`` and the index is the neuron's place in the result. The
numbers of a neuron therefore depend on nothing but the key and the index: not on
threads, blocks, or what else is simulated or recorded.

Distinct streams start at random places of one orbit of 2^128 numbers; that two of 1e6
streams of 1e12 numbers each overlap has probability below 1e-14.

References
----------
.. [1] D. Blackman, S. Vigna, ACM Trans. Math. Softw. 47, 36 (2021),
   doi:10.1145/3460772
.. [2] G. Marsaglia, W. W. Tsang, J. Stat. Softw. 5(8) (2000),
   doi:10.18637/jss.v005.i08
"""

import math

import numpy as np

from ._jit import inlined, inner, kernel

__all__ = ["exponential", "normal", "seed", "seed_all", "uniform"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, splitmix64's increment
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)  # splitmix64's two multipliers
_MIX2 = np.uint64(0x94D049BB133111EB)
_LAYERS = 256
_TAIL = 3.6541528853610088  # where the tail of the 256-layer ziggurat begins [2]_
_TO_UNIT = 2.0**-53


def _ziggurat() -> tuple[np.ndarray, np.ndarray]:
    """Right edges of the layers of exp(-x^2/2), and the inner over the outer edge."""
    density = math.exp(-0.5 * _TAIL**2)
    area = _TAIL * density + math.sqrt(math.pi / 2) * math.erfc(_TAIL / math.sqrt(2))
    edges = np.zeros(_LAYERS + 1)
    edges[0], edges[1] = area / density, _TAIL
    for i in range(2, _LAYERS):
        density += area / edges[i - 1]
        edges[i] = math.sqrt(-2 * math.log(density))
    return edges, edges[1:] / edges[:-1]


_EDGES, _RATIOS = _ziggurat()


@kernel
def mix(z):
    """Finaliser of splitmix64: a bijective hash of 64 bits."""
    z = (z ^ (z >> np.uint64(30))) * _MIX1
    z = (z ^ (z >> np.uint64(27))) * _MIX2
    return z ^ (z >> np.uint64(31))


@kernel
def seed(state, key, index):
    """Fill `state` (..., words) with the hash of `key` (4 words) and `index`."""
    for i in range(state.size):
        z = key[0] + _GOLDEN * (np.uint64(index) + np.uint64(1))
        z = mix(z ^ key[1]) + key[2] + _GOLDEN * np.uint64(i + 1)
        state[i] = mix(mix(z) ^ key[3])


@kernel
def seed_all(states, key, first):
    """Seed the streams number `first` and following, one to a row."""
    for j in range(states.shape[0]):
        seed(states[j], key, first + j)


@inlined
def _bits(state):
    s0, s1 = state[0], state[1]
    total = s0 + s1
    out = ((total << np.uint64(17)) | (total >> np.uint64(47))) + s0
    s1 ^= s0
    state[0] = (
        ((s0 << np.uint64(49)) | (s0 >> np.uint64(15))) ^ s1 ^ (s1 << np.uint64(21))
    )
    state[1] = (s1 << np.uint64(28)) | (s1 >> np.uint64(36))
    return out


@inlined
def uniform(state):
    """Draw from the open interval (0, 1), 53 bits."""
    return (np.int64(_bits(state) >> np.uint64(11)) + 0.5) * _TO_UNIT


@kernel
def exponential(state):
    """Draw from the exponential distribution of mean 1."""
    return -math.log(uniform(state))


@inner
def _outside(state, layer, u):
    """Finish a draw that fell outside its layer's inner rectangle (1 %)."""
    if layer == 0:
        while True:
            x = exponential(state) / _TAIL
            if 2.0 * exponential(state) > x * x:
                return math.copysign(_TAIL + x, u)
    x = u * _EDGES[layer]
    outer = math.exp(-0.5 * (_EDGES[layer] ** 2 - x * x))
    inner = math.exp(-0.5 * (_EDGES[layer + 1] ** 2 - x * x))
    if inner + uniform(state) * (outer - inner) < 1.0:
        return x
    return math.nan


@kernel
def normal(state):
    """Draw from the standard normal distribution: 256-layer ziggurat, exact tail."""
    while True:
        bits = _bits(state)
        layer = np.int64(bits & np.uint64(255))
        u = (np.int64(bits >> np.uint64(11)) + 0.5) * (2 * _TO_UNIT) - 1.0
        if abs(u) < _RATIOS[layer]:
            return u * _EDGES[layer]
        x = _outside(state, layer, u)
        if not math.isnan(x):
            return x
