"""Simulates the neurons of a `NeuronCase`; what comes back are spike trains."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from .singles import NeuronCase

__all__ = ["coarse", "late", "stimulate", "waves"]

# How much later than the exact path's the spikes of a network are on its grid [steps], on
# average, and how far off that may be (measured without noise, for 60 inputs each): half
# a step for all that look where the path was; the exponential upswing takes longer.
LATE = {"EIF": (1.3, 0.2), "AdEx": (1.3, 0.2)}
_LATE = (0.5, 0.1)
# Noise that moves V by sigma sqrt(dt) in a step leaves an exponential upswing of width
# Delta_T: rates are low by 0.03 to 0.17 sigma^2 dt/Delta_T^2 (measured at 11 points).
_UPSWING = 0.17


def late(case: NeuronCase) -> tuple[float, float]:
    """Return by how much spikes are late [ms], and how far off that may be."""
    if case.exact_times:
        return 0.0, 0.0
    mean, spread = LATE.get(case.model, _LATE)
    return mean * case.dt, spread * case.dt


def coarse(case: NeuronCase) -> float:
    """Return how far rates may be off, relatively, because of noise in finite steps."""
    width = getattr(case.neuron, "Delta_T", math.inf)
    noise = 0.0 if case.tau_syn else case.sigma
    return _UPSWING * noise**2 * case.dt / width**2


def stimulate(case: NeuronCase, n: int, seed: np.random.SeedSequence) -> Any:
    """Simulate `n` independent neurons.

    Parameters
    ----------
    case : NeuronCase
    n : int
        Number of neurons; with `response`, a multiple of their number, by which
        frequencies and amplitudes go round.
    seed : SeedSequence

    Returns
    -------
    spiking_reference.SpikeTrains
        Times [ms] from the end of the warm-up, freed of the mean delay of the grid.
    """
    if case.jump:
        return _jumps(case, n, seed)
    if case.exact_times:
        return _white(case, n, seed)
    trains = _network(case, n, seed)
    return replace(trains, times=trains.times - late(case)[0])


def _jumps(case: NeuronCase, n: int, seed: np.random.SeedSequence) -> Any:
    from spiking_reference import simulate_jumps

    shot = case.shot
    return simulate_jumps(
        case.neuron, mu=shot.mu, exc_rate=shot.exc_rate, exc_jump=shot.jump,
        inh_rate=shot.inh_rate, inh_jump=shot.jump, amplitudes=case.amplitudes,
        n=n, duration=case.duration, warmup=case.warmup, rng=seed,
    )  # fmt: skip


def _white(case: NeuronCase, n: int, seed: np.random.SeedSequence) -> Any:
    from spiking_reference import Record, WhiteNoise, simulate

    run = simulate(
        case.neuron, WhiteNoise(mu=np.full(n, case.mu), sigma=case.sigma),
        duration=case.duration, dt=case.dt, warmup=case.warmup, rng=seed,
        count_windows=[0.5 * case.duration], record=Record(spikes=True), threads=1,
    )  # fmt: skip
    return run.spikes


def _network(case: NeuronCase, n: int, seed: np.random.SeedSequence) -> Any:
    from meanfield.neurons import Exponential, Network, Poisson, Population
    from spiking_reference import Record, simulate_network

    capacitance = getattr(case.neuron, "C_m", 1.0)
    names, rates = ("exc", "inh"), (case.exc, case.inh)
    extra: dict[str, Any] = {}
    if case.synapses:
        waves = (Exponential(tau=tau, E_rev=E) for _, tau, E in case.synapses)
        extra["receptors"] = dict(zip(names, waves, strict=True))
    population = Population(
        n=n, neuron=case.neuron, current=case.mu * capacitance,
        sigma=0.0 if case.tau_syn else case.sigma, **extra,
    )  # fmt: skip
    inputs = [
        Poisson(target="A", rate=rate, weight=weight, receptor=name)
        for name, rate, (weight, _, _) in zip(names, rates, case.synapses, strict=False)
        if rate
    ]
    run = simulate_network(
        Network(populations={"A": population}, inputs=inputs),
        duration=case.duration, dt=case.dt, warmup=case.warmup, rng=seed, threads=1,
        currents=_currents(case, n, capacitance), record={"A": Record(spikes=True)},
        progress=False,
    )  # fmt: skip
    return run["A"].spikes


def _currents(case: NeuronCase, n: int, capacitance: float) -> dict[str, Any]:
    from spiking_reference import OrnsteinUhlenbeck, Sinusoid

    parts: list[Any] = []
    if case.tau_syn:
        sd = case.sigma / math.sqrt(2 * case.tau_syn) * capacitance
        parts.append(OrnsteinUhlenbeck(mean=0.0, sigma=sd, tau=case.tau_syn))
    if case.response:
        f, amplitude = waves(case, n)
        parts.append(Sinusoid(amplitude=amplitude * capacitance, frequency=f))
    return {"A": sum(parts[1:], parts[0])} if parts else {}


def waves(case: NeuronCase, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return frequency [kHz] and amplitude [mV/ms] of the drive of each of n neurons.

    Of nine neurons with a frequency, the last gets twice the amplitude.
    """
    f, amplitude = np.array(case.response).T
    block = np.repeat(amplitude[:, None], 9, axis=1)
    block[:, -1] *= 2
    repeats = n // block.size
    return np.tile(np.repeat(f, 9), repeats), np.tile(block.ravel(), repeats)
