"""Densely connected networks as they grow: the balanced limit, and its first correction."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from meanfield import balanced, plasticity
from meanfield.errors import ConvergenceError
from meanfield.network import MeanField, mean_field

from .populations import PopulationCase
from .presets import rules
from .self_consistent import Functions, cells, corrections, jump_of, shown

__all__ = [
    "beyond_course", "beyond_first_order", "beyond_limit", "course", "few_synapses",
    "first_order", "inputs", "left_out", "limit", "mean_input", "network_course", "orders",
]  # fmt: skip

_FINE = 10.0  # ms, of trajectories
_START = 0.1, 0.8  # mean input [mV/ms]; log of mean square rate over squared mean rate
_Z, _V = np.polynomial.hermite_e.hermegauss(16)
_V = _V / _V.sum()


@functools.lru_cache(maxsize=64)
def orders(case: PopulationCase) -> tuple[np.ndarray, ...]:
    """Return rates in the limit, with the first order in 1/sqrt(N), and with the next."""
    return _orders(mean_field(shown(case)), 2)


def _orders(net: MeanField, highest: int) -> tuple[np.ndarray, ...]:
    found = balanced.semi_balanced_states(net.weight, net.mu_ext).stable
    if len(found) != 1:
        raise ValueError(f"one stable state is needed; there are {len(found)}")
    orders = [np.array(found[0].rate, dtype=float)]
    for _ in range(highest):
        orders.append(_next(net, orders[-1], list(found[0].support)))
    return tuple(orders)


def _next(net: MeanField, rate: np.ndarray, support: list[int]) -> np.ndarray:
    """Return rates whose inputs W r + mu_ext are those that `rate` takes."""
    mu, square = inputs(net, rate, support)
    W = net.weight[np.ix_(support, support)]
    better = np.zeros(net.n)
    better[support] = np.maximum(np.linalg.solve(W, mu - net.mu_ext[support]), 0.0)
    scale = np.divide(better, rate, out=np.zeros(net.n), where=rate > 0)
    spread = _spread(net, better, scale**2 * square)
    means, _ = _averages(net, better, net.drive(better).mu, spread)
    silent = np.setdiff1d(np.arange(net.n), support)
    better[silent] = means[silent]
    return better


def inputs(
    net: MeanField, rate: np.ndarray, support: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean inputs [mV/ms] of the support at given rates, and mean square rates.

    Inputs vary over neurons with the numbers of synapses and with the rates of others, as
    in `equilibrium.rate_distributions`.
    """
    mu, k = net.drive(rate).mu.copy(), len(support)

    def change(x: np.ndarray) -> np.ndarray:
        at, square = mu.copy(), np.zeros(net.n)
        at[support], square[support] = x[:k], rate[support] ** 2 * np.exp(x[k:])
        found = _averages(net, rate, at, _spread(net, rate, square))
        means, squares = (part[support] for part in found)
        return np.log([means / rate[support], squares / square[support]]).ravel()

    found = optimize.root(change, np.repeat(_START, k), tol=1e-8)
    if not found.success:
        raise ConvergenceError(
            f"no inputs give rates of {rate}: {found.message}", found
        )
    square = np.zeros(net.n)
    square[support] = rate[support] ** 2 * np.exp(found.x[k:])
    return found.x[:k], square


def _spread(net: MeanField, rate: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Return SDs (n,) over neurons of the mean input [mV/ms]."""
    varied = net.weight_square @ np.maximum(square - rate**2, 0.0)
    return np.sqrt(varied + net.weight_variance @ rate**2)


def _averages(net: MeanField, rate, mu, spread) -> tuple[np.ndarray, np.ndarray]:
    """Return means and mean squares of rates over neurons whose inputs are spread."""
    drive = net.drive(rate)
    mean, square = np.empty(net.n), np.empty(net.n)
    for group in net.groups:
        k = group.index
        at = mu[k] + spread[k] * _Z[:, None]
        sigma, tau = drive.sigma[k], drive.tau_syn[k]
        rates = net.statistic_of(group, "firing_rate", at, sigma, tau)
        mean[k], square[k] = _V @ rates, _V @ rates**2
    return mean, square


def limit(case: PopulationCase) -> Functions:
    """Return the rates of the balanced, or semi-balanced, state of an infinite network."""
    return {"rate": lambda: orders(case)[0]}


def first_order(case: PopulationCase) -> Functions:
    """Return the rates with the first order in 1/sqrt(N); silent populations stay so."""
    infinite, first, _ = orders(case)
    return {"rate": _constant(np.where(infinite > 0, first, 0.0))}


def beyond_limit(case: PopulationCase, functions: Functions) -> dict[str, Any]:
    """Return what the rates of the limit could be."""
    if few_synapses(case):
        return {"few synapses": None}
    infinite, first, _ = orders(case)
    return _around(infinite, {"finite size": first - infinite, **left_out(case)})


def beyond_first_order(case: PopulationCase, functions: Functions) -> dict[str, Any]:
    """Return what the rates to first order could be."""
    if few_synapses(case):
        return {"few synapses": None}
    rate = functions["rate"]()
    return _around(rate, {"finite size": orders(case)[1] - rate, **left_out(case)})


def few_synapses(case: PopulationCase) -> bool:
    """Whether a single synapse can take a neuron over half its way to threshold."""
    network = case.build()
    neurons = ((name, network.populations[name].neuron) for name in cells(network))
    return any(
        jump_of(case, name) > 0.5 * float(neuron.V_T - neuron.E_L)
        for name, neuron in neurons
    )


@functools.lru_cache(maxsize=64)
def left_out(case: PopulationCase) -> dict[str, np.ndarray]:
    """Return what the rates change by if one thing left out after the other is put back."""
    _, first, second = orders(case)
    net = mean_field(shown(case))
    others = corrections(case, net, first)
    others["synaptic filter"] = mean_field(shown(case), synapses="white")
    changes = {why: _orders(other, 1)[1] - first for why, other in others.items()}
    return {"next order": second - first, **changes}


def _around(rate: np.ndarray, changes: dict[str, np.ndarray]) -> dict[str, Functions]:
    return {why: {"rate": _constant(rate + x)} for why, x in changes.items()}


def _constant(value: np.ndarray) -> Callable[[], np.ndarray]:
    return lambda: value


def course(case: PopulationCase) -> Functions:
    """Return rates in time under inhibitory plasticity in the balanced limit, of `times`.

    Inputs at rest, which a finite network needs, are those at the target rates throughout.
    """
    net = mean_field(case.build())
    learned = rules(**dict(case.parameters))
    target = _target(case)
    way = plasticity.trajectory(
        net.weight, net.mu_ext, learned, _times(case), size=1.0, gain=1e9,
        threshold=inputs(net, target, list(range(net.n)))[0], empty=True,
    )  # fmt: skip
    return _in_windows(case, way)


@functools.lru_cache(maxsize=64)
def network_course(
    case: PopulationCase, raised: float = 0.0, synapses: str = "effective"
) -> Functions:
    """Return rates in time under inhibitory plasticity by the network's mean field.

    `raised` is added to thresholds as in `shown`.
    """
    way = plasticity.network_trajectory(
        shown(case, raised), _times(case), synapses=synapses
    )
    return _in_windows(case, way)


def beyond_course(
    case: PopulationCase, functions: Functions, correlation: float
) -> dict[str, Any]:
    """Return what the trajectories of the mean field could be.

    Pairs of spikes before and after a synapse are fewer than independent ones by the part
    `correlation`: rates come to rest above their targets by it. Windows from time 0 on,
    without a warm-up, hold the synchronous first spikes of a simulation.
    """
    if few_synapses(case):
        return {"few synapses": None}
    target = (_target(case) * (1 + correlation)).tolist()
    parameters = dict(case.parameters) | {"target": target}
    higher = dataclasses.replace(case, parameters=parameters)
    first = case.window / 2 if case.warmup == 0 else -math.inf

    def unstarted(times: np.ndarray) -> np.ndarray:
        return np.where(times > first, functions["course"](times), math.inf)

    return {
        "synchronous start": {"course": unstarted},
        "finite jumps": network_course(case, 0.5),
        "synaptic filter": network_course(case, synapses="white"),
        "correlations": network_course(higher),
    }


def _target(case: PopulationCase) -> np.ndarray:
    learned = rules(**dict(case.parameters))
    return np.array([learned[a, 1].target for a in (0, 1)])


def _times(case: PopulationCase) -> np.ndarray:
    return np.arange(0.0, case.duration + _FINE, _FINE)


def _in_windows(case: PopulationCase, way: plasticity.Trajectory) -> Functions:
    half = case.window / 2

    def at(times: np.ndarray) -> np.ndarray:
        return np.array([
            way.rate[(way.t >= t - half) & (way.t <= t + half)].mean(axis=0)
            if t + half <= way.t[-1] else np.full(way.rate.shape[1], math.nan)
            for t in times
        ]).T  # fmt: skip

    return {"course": at}


def mean_input(case: PopulationCase) -> Functions:
    """Return the mean input of populations that only sources project to."""
    net = mean_field(case.build())
    return {"input": lambda: net.drive(np.zeros(net.n)).mu}
