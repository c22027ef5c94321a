"""The network of N. Brunel (2000) for several simulators: numbers, and statistics of spikes.

J. Comput. Neurosci. 8, 183, model A: fixed in-degrees with autapses and multapses, jumps of
the voltage, a Poisson input of its own for each neuron. NumPy only: the interpreters of
other simulators read this file.
"""

from typing import NamedTuple

import numpy as np

TAU, T_REF, THETA, RESET, DELAY, DT = 20.0, 2.0, 20.0, 10.0, 1.5, 0.1  # ms, mV
BIN = 5.0  # of population rates and of counts [ms]
SAMPLE = 250  # excitatory cells whose CVs are kept, and whose pairs are correlated


class Case(NamedTuple):
    """One network: sizes, in-degrees, weights [mV], input [kHz], times [ms]."""

    scale: float
    g: float
    eta: float
    warmup: float
    duration: float
    realizations: int

    @property
    def sizes(self):
        return {"E": round(10_000 * self.scale), "I": round(2_500 * self.scale)}

    @property
    def degrees(self):
        return {"E": round(1_000 * self.scale), "I": round(250 * self.scale)}

    @property
    def weights(self):
        J = 0.1 / self.scale  # the mean input stays
        return {"E": J, "I": -self.g * J}

    @property
    def rate(self):
        return self.eta * THETA / (self.weights["E"] * TAU)


CASES = {
    "irregular": Case(0.2, 5.0, 2.0, 300.0, 2000.0, 24),
    "regular": Case(0.2, 3.0, 2.0, 300.0, 500.0, 16),
    "slow": Case(0.2, 4.5, 0.9, 300.0, 4000.0, 16),
    "full irregular": Case(1.0, 5.0, 2.0, 300.0, 1000.0, 6),
    "full slow": Case(1.0, 4.5, 0.9, 300.0, 2000.0, 6),
    "full fast": Case(1.0, 6.0, 4.0, 200.0, 500.0, 6),
}
SWEEP = Case(0.08, 5.0, 2.0, 0.0, 1000.0, 1)  # 1000 neurons, for benchmarks


def start(case, seed):
    """Voltages at the start, by population, far from synchrony."""
    g = np.random.default_rng(seed)
    return {name: g.uniform(0.0, THETA, n) for name, n in case.sizes.items()}


def statistics(case, times, neurons):
    """Rates [Hz], SD of the population rate [Hz], CVs and count correlations.

    `times` [ms] in (0, duration] and `neurons` are those of all spikes, by population.
    """
    found = {
        f"rate {name}": 1e3 * times[name].size / (n * case.duration)
        for name, n in case.sizes.items()
    }
    edges = np.arange(round(case.duration / BIN) + 1) * BIN + 1e-6
    edges[0] = 0.0
    activity = np.histogram(times["E"], edges)[0] / (case.sizes["E"] * BIN * 1e-3)
    found["SD"] = activity.std(ddof=1)
    kept = neurons["E"] < SAMPLE
    t, j = times["E"][kept], neurons["E"][kept]
    trains = [np.sort(t[j == i]) for i in range(SAMPLE)]
    found["CV"] = np.array([_cv(np.diff(train)) for train in trains], dtype=np.float32)
    counts = np.array([np.histogram(train, edges)[0] for train in trains])
    found["correlation"] = _correlations(counts)
    return found


def _cv(intervals):
    return intervals.std(ddof=1) / intervals.mean() if intervals.size >= 2 else np.nan


def _correlations(counts):
    """Of pairs that share no neuron: (SAMPLE/2,)."""
    z = counts - counts.mean(axis=1, keepdims=True)
    norm = np.sqrt((z * z).sum(axis=1))
    found = np.full(SAMPLE // 2, np.nan, dtype=np.float32)
    a, b = z[::2], z[1::2]
    scale = norm[::2] * norm[1::2]
    np.divide((a * b).sum(axis=1), scale, out=found, where=scale > 0, casting="unsafe")
    return found
