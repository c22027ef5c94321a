"""Event-driven simulation of neurons that Poisson spikes make jump: exact, and slow."""

import numpy as np


def intervals(
    rates, amplitudes, neuron, *, exponential, mu=0.0, n=2000, events=2000, seed=0
):
    """Intervals between spikes of n neurons, after the first spike of each.

    Intervals in progress at the end are kept by running each neuron for a fixed number of
    spikes instead of a time: no length bias.
    """
    rng = np.random.default_rng(seed)
    total = sum(rates)
    rest = neuron.E_L + mu * neuron.tau_m
    V = np.full(n, neuron.V_reset)
    age = np.full(n, neuron.t_ref)
    found, quota = [], np.zeros(n, int)
    while (quota < events).any():
        wait = rng.exponential(1 / total, n)
        after = rest + (V - rest) * np.exp(-wait / neuron.tau_m)
        up = rng.random(n) < rates[0] / total
        size = np.where(up, amplitudes[0], -amplitudes[1])
        if exponential:
            size = size * rng.exponential(1.0, n)
        drift = (rest > neuron.V_th) & (after >= neuron.V_th)
        with np.errstate(divide="ignore", invalid="ignore"):
            passage = neuron.tau_m * np.log((V - rest) / (neuron.V_th - rest))
        age += np.where(drift, passage, wait)
        V = np.where(drift, neuron.V_th, after + size)
        fired = neuron.V_th <= V
        use = fired & (quota < events)
        found.append(age[use])
        quota += fired
        # After a passage by drift the next jump is as far away as ever.
        V[fired] = neuron.V_reset
        age[fired] = neuron.t_ref
    return np.concatenate(found)
