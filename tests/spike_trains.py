"""Spike trains of known statistics."""

import numpy as np

from spiking_reference import SpikeTrains


def trains(times, neurons, duration, n, start=0.0):
    times, neurons = np.asarray(times), np.asarray(neurons)
    inside = (times > start) & (times <= start + duration)
    times, neurons = times[inside], neurons[inside]
    order = np.lexsort((times, neurons))
    return SpikeTrains(
        times=times[order], neurons=neurons[order], t_start=start,
        t_stop=start + duration, n_neurons=n,
    )  # fmt: skip


def gamma(rng, shape, rate, duration, n=1):
    """Stationary renewal trains with gamma intervals; Poisson with shape 1."""
    lead = 20 * shape / rate  # before the record starts, to forget the first spike
    size = int((duration + lead) * rate * 1.3 + 60)
    gaps = rng.gamma(shape, 1 / (shape * rate), (n, size))
    times = np.cumsum(gaps, axis=1) - lead * rng.uniform(0.5, 1.0, (n, 1))
    assert times[:, -1].min() > duration
    return trains(times.ravel(), np.repeat(np.arange(n), size), duration, n)


def thinned(rng, p, rate, duration, n, jitter=0.0, delay=0.0):
    """Poisson trains that take spikes from one train with probability p: correlation p.

    Spikes are shifted by the delay (of each neuron) and by a Gaussian jitter.
    """
    mother = rng.uniform(-50, duration + 50, rng.poisson(rate / p * (duration + 100)))
    neurons, spike = np.nonzero(rng.random((n, mother.size)) < p)
    times = mother[spike] + np.broadcast_to(delay, n)[neurons]
    times = times + jitter * rng.standard_normal(times.size)
    return trains(times, neurons, duration, n)


def calibrated(z, *, lean=0.15, low=0.8, high=1.25):
    """Assert that z-scores, most of them independent, have mean 0 and SD 1.

    `lean` is a mean that they may have: the error of an estimate that came out low is
    often low, too.
    """
    z = np.ravel(z)
    assert abs(z.mean()) < 4 / np.sqrt(z.size) + lean, z.mean()
    assert low < z.std() < high, z.std()
