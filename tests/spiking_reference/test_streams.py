"""Random variates: moments and distributions against SciPy."""

import numpy as np
import pytest
from scipy import stats

from spiking_reference import lanes, normals, streams
from spiking_reference._jit import kernel

KEY = np.array([1, 2, 3, 4], dtype=np.uint64)


@kernel
def _fill(function, state, out):
    for i in range(out.size):
        out[i] = function(state)


@pytest.mark.parametrize(
    ("function", "law"),
    [
        (streams.uniform, stats.uniform()),
        (streams.exponential, stats.expon()),
        (streams.normal, stats.norm()),
    ],
)
def test_streams(function, law):
    state, out = np.zeros(2, dtype=np.uint64), np.empty(200_000)
    streams.seed(state, KEY, 7)
    _fill(function, state, out)
    assert stats.kstest(out, law.cdf).pvalue > 1e-4  # false alarms: 1e-4 each
    tail = law.ppf([1e-3, 1 - 1e-3])
    hits = np.sum((out < tail[0]) | (out > tail[1]))
    assert abs(hits - 400) < 4 * np.sqrt(400)


def test_lanes_draw_normals():
    words = np.zeros((1000, 2), dtype=np.uint64)
    streams.seed_all(words, KEY, 0)
    words = np.ascontiguousarray(words.view(np.uint32).T)
    z = np.zeros((2, 1000), dtype=np.float32)
    out = []
    for _ in range(200):
        lanes.draw(words, z, 1000)
        out.append(z.copy())
    out = np.array(out, dtype=np.float64)
    assert stats.kstest(out.ravel(), stats.norm().cdf).pvalue > 1e-4
    # No correlation between the two of a pair, in time, or between lanes.
    n = out[:, 0].size
    for a, b in (
        (out[:, 0], out[:, 1]),
        (out[1:, 0], out[:-1, 0]),
        (out[:, :, 1:], out[:, :, :-1]),
        (out[:, 0] ** 2 - 1, out[:, 1] ** 2 - 1),
    ):
        assert abs((a * b).mean()) < 4 * 2 / np.sqrt(n)


def test_normals_in_stock():
    stock = normals.new_normals()
    normals.begin(stock, KEY, 3)
    out = np.empty(200_000)
    _fill(normals.pop, stock, out)
    assert stats.kstest(out, stats.norm().cdf).pvalue > 1e-4


def test_streams_differ():
    states = np.zeros((100_000, 2), dtype=np.uint64)
    streams.seed_all(states, KEY, 0)
    assert np.unique(states[:, 0]).size == 100_000
    other = np.zeros((100, 2), dtype=np.uint64)
    streams.seed_all(other, KEY + np.uint64(1), 0)
    assert not np.isin(other, states).any()
    bits = np.unpackbits(states.view(np.uint8))
    assert abs(bits.mean() - 0.5) < 4 * 0.5 / np.sqrt(bits.size)
