"""Leaky neurons driven by Poisson jumps of the voltage, event by event."""

from typing import Any

import numpy as np

from meanfield.neurons import LIF, require

from .arguments import number
from .results import SpikeTrains

__all__ = ["simulate_jumps"]

AMPLITUDES = ("exponential", "fixed")


def simulate_jumps(
    neuron: LIF,
    *,
    mu: float = 0.0,
    exc_rate: float,
    exc_jump: float,
    inh_rate: float = 0.0,
    inh_jump: float = 0.0,
    amplitudes: str = "exponential",
    n: int,
    duration: float,
    warmup: float = 0.0,
    rng: Any = None,
) -> SpikeTrains:
    """Simulate independent LIF neurons driven by Poisson jumps, without any bias.

    Parameters
    ----------
    neuron : LIF
        Parameters, plain numbers.
    mu : float, optional
        Constant drive [mV/ms].
    exc_rate, inh_rate : float
        Rates of the jumps [kHz].
    exc_jump, inh_jump : float
        Mean sizes [mV], not negative; inhibitory ones are subtracted.
    amplitudes : {"exponential", "fixed"}, optional
        Distribution of the sizes.
    n : int
        Number of neurons.
    duration, warmup : float
        Observed and discarded time [ms].
    rng : None, int, SeedSequence, Generator and the like, optional
        Randomness.

    Returns
    -------
    SpikeTrains
        Exact spike times.

    Raises
    ------
    TypeError, ValueError
        With the name, the condition and the value of what is wrong.

    Notes
    -----
    dV/dt = -(V - E_L)/tau_m + mu + sum_k a_k delta(t - t_k) below threshold; at V_th a
    spike, then t_ref at V_reset, in which jumps are lost. Between jumps V moves in closed
    form; a threshold that the drift reaches before the next jump is met at its exact time.
    The effort is that of the jumps: one by one in time, all neurons at once.

    Examples
    --------
    >>> from meanfield.neurons import LIF
    >>> from spiking_reference import simulate_jumps
    >>> trains = simulate_jumps(
    ...     LIF(t_ref=2.0), exc_rate=0.5, exc_jump=2.0, n=50, duration=1000.0, rng=1
    ... )
    >>> trains.n_neurons, bool(trains.times.size > 500)
    (50, True)
    """
    if not isinstance(neuron, LIF) or neuron.shape != ():
        raise TypeError(f"`neuron` must be a LIF of plain numbers; got {neuron!r}")
    if amplitudes not in AMPLITUDES:
        raise ValueError(
            f"`amplitudes` must be one of {AMPLITUDES}; got {amplitudes!r}"
        )
    given = {"exc_rate": exc_rate, "inh_rate": inh_rate, "warmup": warmup}
    for name, value in (given | {"exc_jump": exc_jump, "inh_jump": inh_jump}).items():
        require(number(name, value) >= 0, name, "must not be negative", value)
    duration, total = number("duration", duration), exc_rate + inh_rate
    require(total > 0, "exc_rate", "or `inh_rate` must be positive (kHz)", exc_rate)
    require(duration > 0, "duration", "must be positive (ms)", duration)
    require(int(n) >= 1, "n", "must be at least 1", n)
    times, neurons = _run(
        neuron, mu, (exc_rate / total, exc_jump, inh_jump), total,
        amplitudes == "exponential", int(n), warmup + duration, np.random.default_rng(rng),
    )  # fmt: skip
    seen = (times > warmup) & (times <= warmup + duration)
    times, neurons = times[seen] - warmup, neurons[seen]
    order = np.lexsort((times, neurons))
    return SpikeTrains(
        times=times[order], neurons=neurons[order], t_start=0.0, t_stop=duration,
        n_neurons=int(n),
    )  # fmt: skip


def _run(neuron, mu, jumps, rate, exponential, n, end, g):
    """Make one event of every neuron at a time; return times and neurons of spikes."""
    tau, theta, reset = neuron.tau_m, neuron.V_th, neuron.V_reset
    rest = neuron.E_L + mu * tau
    share, up, down = jumps
    t, v = np.zeros(n), np.full(n, float(reset))
    times, who = [np.empty(0)], [np.empty(0, dtype=np.int64)]
    while t.min() < end:
        wait = g.exponential(1.0 / rate, n)
        size = np.where(g.random(n) < share, up, -down)
        if exponential:
            size = size * g.standard_exponential(n)
        drifting = np.zeros(n, dtype=bool)
        if rest > theta:
            reach = tau * np.log((rest - v) / (rest - theta))
            drifting = reach < wait
            wait = np.minimum(wait, reach)
        v = rest + (v - rest) * np.exp(-wait / tau) + np.where(drifting, 0.0, size)
        t = t + wait
        fired = np.flatnonzero((v >= theta) | drifting)
        times.append(t[fired])
        who.append(fired)
        v[fired] = reset
        t[fired] += neuron.t_ref
    return np.concatenate(times), np.concatenate(who)
