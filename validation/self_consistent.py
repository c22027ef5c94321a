"""Self-consistent populations: what their theory predicts, and what it leaves out.

What an approximation leaves out is put back, to first order and one thing after the other;
the budget is what the prediction changes by.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from meanfield import ConvergenceError, equilibrium, fluctuations
from meanfield.network import MeanField, mean_field
from meanfield.neurons import LIF, Delta, Network, Population

from .populations import PopulationCase
from .stimulate import LATE

__all__ = [
    "Functions",
    "cells",
    "corrections",
    "distributed",
    "equal_neurons",
    "jump_of",
    "perturbed",
    "rate_changes",
    "rates_of",
    "shown",
    "synapse",
]

Functions = Mapping[str, Callable[..., Any]]
_GRID = 0.5826  # -zeta(1/2)/sqrt(2 pi): of sigma sqrt(dt), see `predict.allowances`
_FREQUENCIES = np.concatenate([np.arange(0.0, 0.6, 0.0025), np.geomspace(0.6, 5.0, 60)])
_START = 5e-3  # kHz
_ROUNDS = 12  # to the CV of a network, of steps halved


def shown(case: PopulationCase, raised: float = 0.0) -> Network:
    """Return the network as its theory has to see it, to show what the simulator does.

    On a grid thresholds are looked at in steps: where noise is white they are in effect
    higher, else spikes are late. `raised` is added to thresholds, in units of the largest
    synaptic weight.
    """
    network = case.build()
    return _with_neurons(
        network,
        {n: _on_grid(case, network, n, raised) for n in cells(network)},
    )


def cells(network: Network) -> list[str]:
    """Return the names of the populations of neurons."""
    return [n for n, p in network.populations.items() if isinstance(p, Population)]


def _with_neurons(network: Network, neurons: Mapping[str, Any]) -> Network:
    populations = {
        name: dataclasses.replace(p, neuron=neurons[name]) if name in neurons else p
        for name, p in network.populations.items()
    }
    return dataclasses.replace(network, populations=populations)


def _on_grid(case: PopulationCase, network: Network, name: str, raised: float) -> Any:
    population = network.populations[name]
    neuron = population.neuron
    shift = raised * jump_of(case, name) if raised else 0.0
    if isinstance(neuron, LIF) and not _filtered(network):
        sigma = _noise(case)[cells(network).index(name)]
        shift += _GRID * sigma * math.sqrt(case.step)
        return dataclasses.replace(neuron, V_th=neuron.V_th + shift)
    late = LATE.get(type(neuron).__name__, (0.5, 0.0))[0]
    onset = "V_T" if hasattr(neuron, "V_T") else "V_th"
    changes = {onset: getattr(neuron, onset) + shift}
    return dataclasses.replace(neuron, t_ref=neuron.t_ref + late * case.step, **changes)


def jump_of(case: PopulationCase, name: str) -> float:
    """Return the largest weight of the synapses of a population, without its sign [mV]."""
    network = case.build()
    net = mean_field(network)
    a = net.names.index(name)
    links = [k for k in net.links if k.target == a and k.degree]
    return max((abs(k.weight / k.degree) for k in links), default=0.0)


@functools.lru_cache(maxsize=64)
def _noise(case: PopulationCase) -> np.ndarray:
    net = mean_field(case.build())
    return net.drive(rates_of(net)).sigma


def rates_of(net: MeanField) -> np.ndarray:
    """Return self-consistent rates (n,) [kHz]; NaN where none are found."""
    try:
        return equilibrium.working_point(net, start=np.full(net.n, _START)).rate
    except ConvergenceError:
        return np.full(net.n, np.nan)


def _changed(net: MeanField, **changes: Any) -> MeanField:
    return dataclasses.replace(net, **changes)


def _quieter(net: MeanField, cv: np.ndarray) -> MeanField:
    """Scale the noise of the populations' spikes by CV^2."""
    factor = np.concatenate([cv**2, np.ones(len(net.source_names))])
    sums = dict(net.sums)
    for name in ("weight_square", "memory"):
        sums[name] = sums[name] * factor
    links = tuple(
        dataclasses.replace(
            link, weight_square=link.weight_square * factor[link.source]
        )
        for link in net.links
    )
    return _changed(net, sums=sums, links=links)


def _own_cv(net: MeanField, rate: np.ndarray) -> np.ndarray:
    """Return CVs (n,) of neurons whose input has the noise of trains of those CVs."""
    cv = net.cv(rate)
    for _ in range(_ROUNDS):
        cv = (cv + _quieter(net, cv).cv(rate)) / 2
    return cv


def _shaken(net: MeanField, rate: np.ndarray) -> MeanField:
    """Add what neurons have in common beyond the noise of independent spikes."""
    f = _FREQUENCIES
    C = fluctuations.cross_spectra(f, net, rate)
    power = np.einsum("ab,fbc,ac->fa", net.weight, C, net.weight).real
    tau = np.array([float(_tau(net, a)) for a in range(net.n)])
    seen = 1.0 / (1.0 + (2 * np.pi * f[:, None] * tau) ** 2)
    extra = np.trapezoid(power * seen, f, axis=0) / np.trapezoid(seen, f, axis=0)
    private = net.weight**2 @ (rate / net.sizes)  # is there already
    return _changed(net, variance_ext=net.variance_ext + extra - private)


def _tau(net: MeanField, a: int) -> Any:
    (neuron,) = (g.neuron for g in net.groups if a in g.index)
    return np.broadcast_to(neuron.tau_m, net.n)[a]


def _functions(net: MeanField, case: PopulationCase) -> dict[str, Callable[..., Any]]:
    """Return what the theory of equal neurons predicts."""
    rate = rates_of(net)

    def pairs() -> np.ndarray:
        return fluctuations.count_statistics(case.window, net, rate).correlation

    def response(f: np.ndarray) -> np.ndarray:
        L = equilibrium.effective_connectivity(f, net, rate)
        own = equilibrium.population_responses(f, net, rate).mu
        drive = own * (np.arange(net.n) == 0)
        return np.linalg.solve(np.eye(net.n) - L, drive[..., None])[..., 0]

    return {
        "rate": lambda: rate,
        "cv": lambda: net.cv(rate),
        "pairs": pairs,
        "spectrum": lambda f: fluctuations.power_spectra(f, net, rate),
        "response": response,
    }


def corrections(
    case: PopulationCase, net: MeanField, rate: np.ndarray
) -> dict[str, MeanField]:
    """Return the mean field of jumps, of trains not Poisson, and not independent."""
    return {
        "finite jumps": mean_field(shown(case, 0.5)),
        "renewal trains": _quieter(net, _own_cv(net, rate)),
        "common fluctuations": _shaken(net, rate),
    }


@functools.lru_cache(maxsize=64)
def equal_neurons(case: PopulationCase) -> dict[str, Callable[..., Any]]:
    """Return what follows if the neurons of a population are alike."""
    net = mean_field(shown(case))
    return _functions(net, case)


def perturbed(case: PopulationCase, functions: Any) -> dict[str, Any]:
    """Return the functions of the theory with one thing after the other put back."""
    network = shown(case)
    net = mean_field(network)
    rate = functions["rate"]()
    if np.isnan(rate).any() or not equilibrium.stability(net, rate).stable:
        return {"unstable": None}
    found = corrections(case, net, rate)
    if _filtered(network):
        kind = "fourcaud_brunel" if _leaky(network) else "white"
        found["synaptic filter"] = mean_field(network, synapses=kind)
    return {reason: _functions(other, case) for reason, other in found.items()}


def rate_changes(case: PopulationCase) -> dict[str, np.ndarray]:
    """Return what the rates of equal neurons change by, by the reason."""
    functions = equal_neurons(case)
    rate, others = functions["rate"](), perturbed(case, functions)
    return {why: f["rate"]() - rate for why, f in others.items() if f is not None}


def _filtered(network: Network) -> bool:
    return any(
        not isinstance(receptor, Delta)
        for name in cells(network)
        for receptor in network.populations[name].receptors.values()
    )


def _leaky(network: Network) -> bool:
    return all(isinstance(network.populations[n].neuron, LIF) for n in cells(network))


def synapse(case: PopulationCase) -> float:
    """Return the largest weight over the distance from reset to threshold."""
    network = case.build()
    neurons = {name: network.populations[name].neuron for name in cells(network)}
    return max(
        jump_of(case, name) / float(neuron.V_th - neuron.V_reset)
        for name, neuron in neurons.items()
    )


@functools.lru_cache(maxsize=64)
def distributed(case: PopulationCase, kind: str = "effective") -> Functions:
    """Return rates and their SDs over neurons with random numbers of synapses."""
    net = mean_field(shown(case), synapses=kind)
    found = equilibrium.rate_distributions(net, start=rates_of(net))
    return {"rate": lambda: found.rate, "sd": lambda: found.std}
