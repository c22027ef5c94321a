"""Densely connected networks as they grow: the balanced limit, and its first correction."""

import functools
import math
from typing import Any

import numpy as np
from scipy import optimize

from meanfield import balanced, plasticity
from meanfield.network import MeanField, mean_field

from .populations import PopulationCase
from .presets import rules
from .self_consistent import Functions, shown

__all__ = ["course", "first_order", "higher", "inputs", "limit", "orders"]

_FINE = 10.0  # ms, of trajectories
_LARGEST = 100.0  # mV/ms, of inputs that are searched
_Z, _V = np.polynomial.hermite_e.hermegauss(24)
_V = _V / _V.sum()


@functools.lru_cache(maxsize=64)
def orders(case: PopulationCase, synapses: str = "effective") -> tuple[np.ndarray, ...]:
    """Return rates in the limit, with the first order in 1/sqrt(N), and with the next."""
    net = mean_field(shown(case), synapses=synapses)
    found = balanced.semi_balanced_states(net.weight, net.mu_ext).stable
    if len(found) != 1:
        raise ValueError(f"{case.label} has {len(found)} stable states; one is needed")
    rate = np.array(found[0].rate, dtype=float)
    orders = [rate]
    for _ in range(2):
        orders.append(_next(net, orders[-1], list(found[0].support)))
    return tuple(orders)


def _next(net: MeanField, rate: np.ndarray, support: list[int]) -> np.ndarray:
    """Return rates whose inputs W r + mu_ext are those that `rate` takes."""
    mu = inputs(net, rate, support)
    W = net.weight[np.ix_(support, support)]
    better = np.zeros(net.n)
    better[support] = np.maximum(np.linalg.solve(W, mu - net.mu_ext[support]), 0.0)
    silent = np.setdiff1d(np.arange(net.n), support)
    drive = net.drive(better)
    for a in silent:
        better[a] = _mean_rate(net, drive, better, a, drive.mu[a])
    return better


def inputs(net: MeanField, rate: np.ndarray, support: list[int]) -> np.ndarray:
    """Return the mean inputs [mV/ms] at which populations have their rates."""
    drive = net.drive(rate)

    def excess(mu: float, a: int) -> float:
        return _mean_rate(net, drive, rate, a, mu) - rate[a]

    return np.array(
        [
            optimize.brentq(excess, -_LARGEST, _LARGEST, args=(a,), xtol=1e-10)
            for a in support
        ]
    )


def _mean_rate(net: MeanField, drive: Any, rate: np.ndarray, a: int, mu: float) -> float:
    """Average the rate of a population over neurons with different in-degrees."""
    group = next(g for g in net.groups if a in g.index)
    place = list(group.index).index(a)
    spread = math.sqrt(net.weight_variance[a] @ rate**2)
    at = drive.mu[group.index] * np.ones((_Z.size, 1))
    at[:, place] = mu + spread * _Z
    sigma, tau = (x[group.index] for x in (drive.sigma, drive.tau_syn))
    rates = net.statistic_of(group, "firing_rate", at, sigma, tau)
    return float(_V @ rates[:, place])


def limit(case: PopulationCase) -> Functions:
    """Return the rates of the balanced, or semi-balanced, state of an infinite network."""
    return {"rate": lambda: orders(case)[0]}


def first_order(case: PopulationCase) -> Functions:
    """Return the rates with the first order in 1/sqrt(N)."""
    return {"rate": lambda: orders(case)[1]}


def higher(case: PopulationCase, functions: Functions) -> dict[str, Functions]:
    """Return what another order in 1/sqrt(N), or white noise, make of the rates."""
    infinite, first, second = orders(case)
    white = orders(case, "white")[1]
    rate = functions["rate"]()
    found = {"next order": {"rate": lambda: rate + second - first}}
    if rate is infinite:
        found["finite size"] = {"rate": lambda: first}
    else:
        found["synaptic filter"] = {"rate": lambda: rate + white - first}
    return found


def course(case: PopulationCase, share: float = 1.0) -> Functions:
    """Return rates in time under inhibitory plasticity, of `times`.

    Inputs at rest, which a finite network needs, are those at the target rates; `share`
    of them is taken.
    """
    net = mean_field(case.build())
    learned = rules(**dict(case.parameters))
    target = np.array([learned[a, 1].target for a in range(net.n)])
    threshold = share * inputs(net, target, list(range(net.n)))
    fine = np.arange(0.0, case.duration + _FINE, _FINE)
    way = plasticity.trajectory(
        net.weight, net.mu_ext, learned, fine, size=1.0, gain=1e9, threshold=threshold,
        empty=True,
    )  # fmt: skip

    def at(times: np.ndarray) -> np.ndarray:
        half = case.window / 2
        return np.array([
            way.rate[(way.t >= t - half) & (way.t <= t + half)].mean(axis=0)
            if t + half <= way.t[-1] else np.full(net.n, math.nan)
            for t in times
        ]).T  # fmt: skip

    return {"course": at}


def mean_input(case: PopulationCase) -> Functions:
    """Return the mean input of populations that only sources project to."""
    net = mean_field(case.build())
    return {"input": lambda: net.drive(np.zeros(net.n)).mu}
