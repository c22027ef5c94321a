"""Rates and CVs of adaptive neurons by simulation, with standard errors."""

from dataclasses import replace

import numpy as np

from meanfield.neurons import Network, Population
from meanfield.neurons._base import names_of
from spiking_reference import simulate_network


def simulate(neuron, mu, sigma, *, copies, duration, dt, warmup, rng):
    """Return rate, cv and their errors, of the shape that all broadcast to."""
    shape = np.broadcast_shapes(np.shape(mu), np.shape(sigma), neuron.shape)

    def each(value):
        return np.repeat(np.broadcast_to(value, shape), copies)

    flat = {}
    for name in names_of(neuron):
        value = getattr(neuron, name)
        if value is not None:
            many = name.startswith("asc")
            flat[name] = tuple(map(each, value)) if many else each(value)
    per_C = 1.0 / np.asarray(getattr(neuron, "C_m", 1.0))
    cells = Population(
        n=copies * int(np.prod(shape)), neuron=replace(neuron, **flat),
        current=each(mu / per_C), sigma=each(sigma),
    )  # fmt: skip
    run = simulate_network(
        Network(populations={"cells": cells}), duration=duration, dt=dt, warmup=warmup,
        rng=rng, threads=1, progress=False,
    )["cells"]  # fmt: skip
    out = []
    for values in (run.rates, run.cv):
        split = values.reshape(*shape, copies)
        out += [split.mean(-1), split.std(-1, ddof=1) / np.sqrt(copies)]
    return out
